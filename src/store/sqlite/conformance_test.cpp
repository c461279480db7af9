#include "store/conformance.hpp"

#include <doctest/doctest.h>

#include "testing/store_fixture.hpp"

using namespace exeunt;

namespace {

class SqliteBench final : public store::ConformanceBench {
 public:
  base::Result<store::Store*> fresh() override {
    store_.reset();
    fixture_ = std::make_unique<testing::StoreFixture>();
    EXEUNT_TRY(fixture_->create());
    return reopened();
  }
  base::Result<store::Store*> reopened() override {
    store_.reset();
    EXEUNT_TRY_ASSIGN(store_, fixture_->open());
    return store_.get();
  }
  void advance(base::Duration by) override { fixture_->clock.advance(by); }
  [[nodiscard]] const evidence::SigningKey& key() const override { return fixture_->key; }

 private:
  std::unique_ptr<testing::StoreFixture> fixture_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace

TEST_CASE("sqlite: the driver does what store.hpp says") {
  SqliteBench bench;
  const store::Conformance result = store::run_conformance(bench);
  for (const std::string& finding : result.findings) FAIL_CHECK(finding);
  CHECK_GE(result.checks, 130);
}
