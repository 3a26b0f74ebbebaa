// Control groups for instances, where this process may make them: memory and number of processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cloudlet::runtime {

// Folders that this process made for its instances, below the groups it is in itself. Removed with
// the object; what an earlier, killed server left behind is removed when the next one starts.
class ControlGroups {
 public:
  enum class Version { none = 0, first = 1, second = 2 };

  static ControlGroups find();
  ControlGroups() = default;
  ControlGroups(ControlGroups&&) noexcept;
  ControlGroups& operator=(ControlGroups&&) noexcept;
  ~ControlGroups();

  Version version() const { return version_; }
  // Why not, or what kind: for the list of capabilities.
  const std::string& detail() const { return detail_; }
  // Descriptors of the memory and the process folder (one and the same with version 2).
  const std::vector<int>& descriptors() const { return descriptors_; }
  // A file that holds, as text, the most memory in bytes that an instance ever used; -1: none.
  int open_memory_peak(std::uint64_t instance) const;

 private:
  bool adopt(const std::string& parent, const char* probe);
  bool adopt_second(const std::string& parent);
  void remove();

  Version version_ = Version::none;
  std::string detail_;
  std::vector<std::string> folders_;
  std::vector<int> descriptors_;
};

}  // namespace cloudlet::runtime
