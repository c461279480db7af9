// The conformance suite on a real realm, through a relay that loses.
#include <doctest/doctest.h>

#include <cstdio>

#include "kerberos/server.hpp"

using namespace exeunt;
using connect::Fault;
using model::Action;
using model::NodeKind;

namespace {

class Bench final : public connect::ConformanceBench {
 public:
  explicit Bench(test::Server& server) : server_(server) {}
  base::Result<connect::Connector*> fresh() override {
    static_cast<void>(set(Fault::none));
    static_cast<void>(server_.admin("delprinc -force " + name_));
    static_cast<void>(server_.admin("addprinc -pw pw " + name_));
    connector_ = server_.connector();
    return connector_.get();
  }
  base::Status set(Fault fault) override {
    if (fault == Fault::listing_cut_said || fault == Fault::listing_cut_unsaid) {
      return base::fail(base::Code::unimplemented, "what kadmind says is sealed: nobody on the way can cut it");
    }
    server_.relay().set(fault);
    if (fault == Fault::down) server_.stop_kdc(), down_ = true;
    if (fault != Fault::down && down_) server_.start_kdc(), down_ = false;
    if (fault == Fault::prober_broken) static_cast<void>(server_.admin("modprinc -allow_tix control")), broken_ = true;
    if (fault == Fault::none && broken_) static_cast<void>(server_.admin("modprinc +allow_tix control")), broken_ = false;
    return {};
  }
  base::Result<std::string> outside() override {
    // Which random key it is does not matter, nor how often it was replaced.
    const bool founded = server_.row(name_, "Key").find("vno 1,") != std::string::npos;
    return server_.row(name_, "Principal").substr(0, 5) + server_.row(name_, "Attributes") + server_.row(name_, "Expiration date") +
           server_.row(name_, "Failed password attempts") + server_.row(name_, "Last successful authentication") +
           (founded ? " hers" : " other");
  }
  std::vector<connect::ConformanceCut> cuts() override {
    const model::Node account = test::bare(name_);
    return {{Action::lock_and_replace, account, NodeKind::account},
            {Action::disable_account, account, NodeKind::account},
            {Action::delete_account, account, NodeKind::account},
            {Action::lock_and_replace, account, NodeKind::key}};
  }
  connect::InventoryRequest subject() override {
    connect::InventoryRequest request;
    request.accounts = {test::bare(name_)};
    return request;
  }
  base::Result<base::Secret> present_value(const model::Node&) override {
    return base::fail(base::Code::not_found, "no shared secrets here");
  }
  std::optional<model::Node> nonexistent(NodeKind) override { return test::bare("never-was"); }

 private:
  test::Server& server_;
  std::unique_ptr<connect::Connector> connector_;
  const std::string name_ = "bench";
  bool down_ = false, broken_ = false;
};

}  // namespace

TEST_CASE("kerberos: the connector conforms on a real realm; skipped is only what sealed messages rule out") {
  EXEUNT_SERVER(server);
  Bench bench(server);
  const connect::ConformanceReport report = connect::run_conformance(bench);
  static_cast<void>(bench.set(Fault::none));
  for (const std::string& finding : report.findings) CHECK_MESSAGE(false, finding);
  for (const std::string& words : report.skipped) CHECK_MESSAGE(words.find("sealed") != std::string::npos, words);
  CHECK(report.checks > 80);
}
