// Connector::sign_ins of RabbitMQ: its API tells of no login that was let in, so what is told is which connections are open, and since when.
#pragma once

#include "connect/connector.hpp"
#include "connect/rabbitmq/api.hpp"

namespace exeunt::connect::rabbitmq {

[[nodiscard]] base::Result<SignInListing> list_sign_ins(const Api& api, const SignInRequest& request, const base::Clock& clock,
                                                        const Until& until);

}  // namespace exeunt::connect::rabbitmq
