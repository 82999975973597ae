#pragma once

#include <memory>
#include <vector>

#include "http/context.h"
#include "shared/reads.h"

/// The handler families, one file each; `routes` puts them together.
namespace hansard::http {

using ReadsPtr = std::shared_ptr<Reads>;

std::vector<Route> record_routes(const Context& context);
Route append_route(const Context& context);
Route ingest_route(const Context& context);
std::vector<Route> session_routes(const ReadsPtr& reads);
std::vector<Route> event_routes(const ReadsPtr& reads);
std::vector<Route> explain_routes(const ReadsPtr& reads);
Route replay_route(const ReadsPtr& reads);
Route export_route(const ReadsPtr& reads);
Route usage_route(const ReadsPtr& reads);
Route query_route(const ReadsPtr& reads);
std::vector<AddedRoute> report_routes(const ReadsPtr& reads);
/// None where the context has no prompts.
std::vector<AddedRoute> prompt_routes(const ReadsPtr& reads);
std::vector<AddedRoute> runs_routes(const ReadsPtr& reads);
/// @pre the context has a desk for experiments
std::vector<AddedRoute> experiment_routes(const ReadsPtr& reads);
/// Reports of experiments; numbers of units.
std::vector<AddedRoute> experiment_report_routes(const ReadsPtr& reads);
/// Keys of the API. @pre the context executes commands about them
std::vector<AddedRoute> key_routes(const ReadsPtr& reads);
/// None where the context has no tree, or nobody who signs.
std::vector<AddedRoute> audit_routes(const ReadsPtr& reads);
AddedRoute evaluation_route(const Context& context);
Route search_route(const ReadsPtr& reads);
/// Prices, the catalogue, estimates; each with what is told of it.
std::vector<AddedRoute> price_routes(const ReadsPtr& reads);
std::vector<Route> page_routes(const ReadsPtr& reads);
std::vector<Route> operate_routes(const ReadsPtr& reads);

/// A route on the pool that takes no body.
Route get_route(std::string pattern, Rule rule, std::string doc, Handler handler);

}  // namespace hansard::http
