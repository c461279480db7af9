#include "base/yaml_documents.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>
#include <string>

namespace exeunt::base {
namespace {

/// Takes no notice of anything: only where documents end is asked for.
class NoEvents final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

}  // namespace

YamlDocuments count_yaml_documents(std::string_view yaml) {
  YamlDocuments seen = YamlDocuments::one;
  try {
    std::istringstream text{std::string(yaml)};
    YAML::Parser parser(text);
    NoEvents events;
    if (!parser.HandleNextDocument(events)) return YamlDocuments::none;
    seen = YamlDocuments::several;  // what breaks from here on is in a second one
    return parser.HandleNextDocument(events) ? YamlDocuments::several : YamlDocuments::one;
  } catch (const std::exception&) {
    return seen;
  }
}

}  // namespace exeunt::base
