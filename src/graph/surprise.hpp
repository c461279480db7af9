// Why a reader of the map should look at a way in first: what the person herself may have forgotten, and the usual way leaves.
#pragma once

#include <cstddef>
#include <string>

#include "graph/access_map.hpp"
#include "graph/reach.hpp"

namespace exeunt::graph {

/// Words for `path`, of which witness and node are filled in; empty: nothing unusual. Holds no outside text. `others`: its bystanders.
[[nodiscard]] std::string surprise(const Path& path, const Adjacency& adjacency, const Reach& reach, std::size_t others);

}  // namespace exeunt::graph
