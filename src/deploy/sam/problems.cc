#include "deploy/sam/problems.h"

#include "deploy/errors.h"
#include "deploy/sam/transform.h"

namespace cloudlet::deploy::sam {

void Problems::resource(const std::string& id, const std::string& sentence) {
  of_resources_.emplace(id, "Resource with id [" + id + "] is invalid. " + sentence);
}

void Problems::event(const std::string& id, const std::string& event, const std::string& sentence) {
  resource(id, "Event with id [" + event + "] is invalid. " + sentence);
}

std::string Problems::line_of(const std::string& path) const {
  const auto found = lines_.find(path);
  return found == lines_.end() ? std::string() : " (line " + std::to_string(found->second) + ")";
}

Error Problems::error() const {
  std::string text = "Transform " + std::string(transform_name) +
                     " failed with: Invalid Serverless Application Specification document. Number "
                     "of errors found: " +
                     std::to_string(general_.size() + of_resources_.size()) + ".";
  for (const auto& sentence : general_) text += " " + sentence;
  for (const auto& [id, sentence] : of_resources_) text += " " + sentence;
  return invalid_template(std::move(text));
}

}  // namespace cloudlet::deploy::sam
