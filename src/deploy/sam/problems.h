// What is wrong with a serverless template, gathered resource by resource.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "deploy/document.h"

namespace cloudlet::deploy::sam {

class Problems {
 public:
  explicit Problems(const Lines& lines) : lines_(lines) {}

  void add(std::string sentence) { general_.push_back(std::move(sentence)); }
  void resource(const std::string& id, const std::string& sentence);
  void event(const std::string& id, const std::string& event, const std::string& sentence);
  // " (line 12)", or nothing.
  std::string line_of(const std::string& path) const;

  bool empty() const { return general_.empty() && of_resources_.empty(); }
  Error error() const;

 private:
  const Lines& lines_;
  std::vector<std::string> general_;
  std::multimap<std::string, std::string> of_resources_;
};

}  // namespace cloudlet::deploy::sam
