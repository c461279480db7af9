#include "base/yaml_documents.hpp"

#include <doctest/doctest.h>

namespace exeunt::base {
namespace {

TEST_CASE("yaml documents: none, one and several are told apart, also where a stray brace would be read for ever") {
  CHECK(count_yaml_documents("") == YamlDocuments::none);
  CHECK(count_yaml_documents("# only a remark\n") == YamlDocuments::none);
  CHECK(count_yaml_documents("a: b\n") == YamlDocuments::one);
  CHECK(count_yaml_documents("---\na: b\n...\n") == YamlDocuments::one);
  CHECK(count_yaml_documents("a: b\n---\nc: d\n") == YamlDocuments::several);
  CHECK(count_yaml_documents(", \"night soll]\nwystem}ystem}:loy]\n") == YamlDocuments::several);
  CHECK(count_yaml_documents("a: b\n---\n[\n") == YamlDocuments::several);
  CHECK(count_yaml_documents("a: [\n") == YamlDocuments::one);
}

}  // namespace
}  // namespace exeunt::base
