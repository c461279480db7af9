// The sections of the report below its first screen, each one <section> with its heading.
#pragma once

#include <string>

#include "service/report.hpp"

namespace exeunt::service {

[[nodiscard]] std::string time_section(const Report& report);  // curve, the three intervals against their targets
[[nodiscard]] std::string ways_section(const Report& report);
[[nodiscard]] std::string exceptions_section(const Report& report);
[[nodiscard]] std::string tasks_section(const Report& report);
[[nodiscard]] std::string use_section(const Report& report);
[[nodiscard]] std::string unseen_section(const Report& report);
[[nodiscard]] std::string requirements_section(const Report& report);
[[nodiscard]] std::string check_section(const Report& report);

}  // namespace exeunt::service
