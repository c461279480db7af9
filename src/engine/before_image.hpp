// What a step found just before it acted: looked at by the connector, journalled with the intent, read again by a restore. Never a secret.
#pragma once

#include <map>
#include <vector>

#include "base/json.hpp"
#include "engine/run_context.hpp"

namespace exeunt::engine {

/// Adds `before` (a list of nodes), or `no_before` (why there is none), to the details of an intent; nothing where nothing gives back what the
/// action takes. Blocks for a few seconds at most: a look that does not come never holds back what was approved.
void add_before_image(const RunContext& context, connect::ApplyRequest& request, base::JsonObject& details);

/// Of each step that had an effect, or may have had one: its image at the first such attempt. What an attempt found that certainly changed
/// nothing does not count, and what later ones found came to be after the cut. A step without an image is there with nullopt.
using BeforeImages = std::map<model::StepId, std::optional<std::vector<model::Node>>>;
[[nodiscard]] base::Result<BeforeImages> before_images(store::Store& store, const model::CaseId& case_id);

}  // namespace exeunt::engine
