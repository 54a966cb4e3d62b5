#include "scan/precheck.h"

#include <algorithm>
#include <set>
#include <utility>

#include "catalogue/grade.h"
#include "json/reader.h"
#include "mcp/tool_definition.h"
#include "risk/poisoning.h"

namespace doorward::scan {
namespace {

constexpr std::size_t kMostDrifts = 20;
constexpr std::array<std::string_view, 3> kVerdicts = {"proceed", "connect with a rule", "ask first"};

std::string count(std::size_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

bool is_url(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

class Prechecker {
 public:
  Prechecker(catalogue::Catalogue* catalogue, const Scan& configured, const LooksLike& looks_like, Precheck& out)
      : catalogue_(catalogue), configured_(configured), looks_like_(looks_like), out_(out) {}

  void run() {
    find();
    if (out_.record) {
      read_record();
    } else if (out_.reasons.empty()) {
      out_.reasons.emplace_back(catalogue_ == nullptr ? "there is no catalogue here to look it up in"
                                                      : "the catalogue does not know it");
    }
    look_alike();
    read_publisher();
    decide();
  }

 private:
  template <typename Found>
  bool take(Found&& found) {
    if (!found || !*found) return false;
    out_.record = std::move(**found);
    return true;
  }

  void find() {
    const std::string& name = out_.asked;
    for (const Server& server : configured_.servers) {
      const bool same = server.name == name || std::ranges::any_of(server.places, [&](const Place& place) { return place.name == name; });
      if (!same || server.launch.is_doorward()) continue;
      out_.configured_as = server.places.empty() ? server.name : server.places.front().name;
      take_launch(server.launch);
      if (catalogue_ != nullptr && find_launch(server)) return;
      break;
    }
    if (is_url(name)) {
      if (catalogue_ != nullptr) take(catalogue_->by_url(name));
      return;
    }
    const bool registry = name.starts_with("npm:") || name.starts_with("pypi:") || name.starts_with("oci:") || name.starts_with("docker:");
    if (out_.configured_as.empty() && catalogue_ != nullptr && !registry) {
      if (auto record = catalogue_->server(name)) {
        out_.record = std::move(*record);
        return;
      } else if (record.error().kind != ErrorKind::not_found || name.find('/') == std::string::npos) {
        out_.reasons.push_back(record.error().message);
      }
    }
    if (!out_.package.empty()) return;
    const auto package = package_of_spec(name);
    if (!package) return;
    // A bare word is the name of a server as well as of a package.
    const bool clearly = registry || name.starts_with('@') || name.find("==") != std::string::npos || name.find('@', 1) != std::string::npos;
    if (catalogue_ != nullptr && take(catalogue_->by_package(package->registry, package->identifier))) {
      set_package(*package);
    } else if (clearly) {
      set_package(*package);
    }
  }

  void set_package(const catalogue::Package& package) {
    package_ = package;
    out_.package = package.registry + ":" + package.identifier;
    const std::string versioned = package.identifier + (package.version.empty() ? "" : (package.registry == "pypi" ? "==" : "@") + package.version);
    if (package.registry == "npm") out_.command = "npx -y " + versioned;
    if (package.registry == "pypi") out_.command = "uvx " + versioned;
    if (package.registry == "oci") {
      out_.command = "docker run -i --rm " + package.identifier +
                     (package.version.empty() ? "" : (package.version.starts_with("sha256:") ? "@" : ":") + package.version);
    }
  }

  void take_launch(const Launch& launch) {
    if (launch.package) set_package(launch.package->package);
    if (launch.is_command()) out_.command = launch.text;
  }

  bool find_launch(const Server& server) {
    if (server.launch.package) {
      const catalogue::Package& package = server.launch.package->package;
      if (take(catalogue_->by_package(package.registry, package.identifier))) return true;
    }
    if (!server.launch.url.empty() && take(catalogue_->by_url(server.launch.url))) return true;
    return take(catalogue_->by_source("scan", source_id_of(server)));
  }

  void read_record() {
    const catalogue::Listing& listing = out_.record->listing;
    if (out_.package.empty() && !listing.packages.empty()) set_package(listing.packages.front());
    if (auto tools = catalogue_->tools(out_.record->slug)) out_.tools = std::move(*tools);
    for (const catalogue::ToolRecord& tool : out_.tools) {
      ++out_.by_category[static_cast<std::size_t>(tool.classification.category)];
      out_.worst = std::max(out_.worst.value_or(tool.classification.severity), tool.classification.severity);
      read_tool(tool);
    }
    if (auto drifts = catalogue::drift_in(*catalogue_, *out_.record)) out_.drifts = std::move(*drifts);
    if (out_.drifts.size() > kMostDrifts) out_.drifts.resize(kMostDrifts);
    if (listing.gone) out_.warnings.emplace_back("its source says that it is deleted or deprecated");
  }

  void read_tool(const catalogue::ToolRecord& tool) {
    if (!tool.outer.empty()) return;
    json::Reader reader;
    if (const auto root = reader.read(tool.definition, {.bytes = mcp::kLargestDefinition})) {
      const auto signs = risk::signs_of_poisoning(*root);
      if (!signs.empty()) {
        out_.warnings.push_back("sign of poisoning in " + tool.name + signs.front().where + " (" +
                                std::string(risk::to_string(signs.front().kind)) + "): '" + signs.front().words + "'");
      }
    }
  }

  void read_publisher() {
    if (!out_.record) return;
    const catalogue::Listing& listing = out_.record->listing;
    const catalogue::Grade grade = catalogue::grade(*out_.record, out_.tools, look_alikes_);
    out_.grade = grade.letter;
    out_.verification = catalogue::to_string(grade.identity.verification);
    out_.publisher.push_back(out_.verification + ": " + grade.identity.why);
    if (grade.identity.verification == catalogue::Verification::contradicted) out_.warnings.push_back(grade.identity.why);
    if (!listing.publisher.empty()) out_.publisher.push_back("its source names " + listing.publisher + " as publisher");
    if (!listing.repository.empty()) out_.publisher.push_back("repository " + listing.repository);
    std::string all;
    for (const std::string& source : out_.record->sources) all += (all.empty() ? "" : ", ") + source;
    out_.publisher.push_back("known from: " + all);
  }

  void look_alike() {
    if (!looks_like_) return;
    catalogue::Listing listing;
    if (out_.record) {
      listing = out_.record->listing;
    } else if (package_) {
      listing.name = package_->identifier;
      listing.packages.push_back(*package_);
    } else {
      listing.name = out_.asked;
    }
    look_alikes_ = looks_like_(listing, out_.record ? std::string_view(out_.record->slug) : std::string_view());
    for (const catalogue::LookAlike& like : look_alikes_) out_.warnings.push_back(like.why);
  }

  void decide() {
    const bool drifted = std::ranges::any_of(out_.drifts, [](const catalogue::Drift& drift) { return drift.severity >= Severity::high; });
    if (drifted) out_.warnings.emplace_back("its definitions have changed in a way that matters; look at the changes");
    if (out_.record && out_.tools.empty()) {
      out_.reasons.emplace_back("it is known, but nobody has listed its tools: what it can do is not known");
    }
    for (const std::string& warning : out_.warnings) out_.reasons.push_back(warning);
    if (out_.tools.empty() || !out_.warnings.empty()) {
      out_.verdict = Verdict::ask_first;
      if (!out_.tools.empty()) out_.policy = catalogue::recommend(out_.tools, catalogue::Posture::strict);
      return;
    }
    if (*out_.worst >= Severity::medium) {
      out_.verdict = Verdict::with_rule;
      out_.policy = catalogue::recommend(out_.tools, catalogue::Posture::recommended);
      const auto at_least = [&](Severity severity) {
        return static_cast<std::size_t>(std::ranges::count_if(
            out_.tools, [&](const catalogue::ToolRecord& tool) { return tool.classification.severity >= severity; }));
      };
      const std::size_t high = at_least(Severity::high);
      out_.reasons.push_back(high > 0 ? count(high, "tool is", "tools are") + " high or critical"
                                      : count(at_least(Severity::medium), "tool changes", "tools change") + " things");
      return;
    }
    out_.verdict = Verdict::proceed;
    out_.reasons.push_back("every one of its " + count(out_.tools.size(), "tool", "tools") + " is low: as far as their definitions say, they only read");
  }

  catalogue::Catalogue* catalogue_;
  const Scan& configured_;
  const LooksLike& looks_like_;
  Precheck& out_;
  std::optional<catalogue::Package> package_;
  std::vector<catalogue::LookAlike> look_alikes_;
};

}  // namespace

std::string_view to_string(Verdict verdict) {
  return kVerdicts[static_cast<std::size_t>(verdict)];
}

Precheck precheck(const std::string& name, catalogue::Catalogue* catalogue, const Scan& configured,
                  const LooksLike& looks_like) {
  Precheck out;
  out.asked = name;
  Prechecker(catalogue, configured, looks_like, out).run();
  return out;
}

}  // namespace doorward::scan
