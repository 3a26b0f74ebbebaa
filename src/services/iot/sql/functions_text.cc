// Texts. What isn't a text is converted to one first; null and Undefined have no text, and make the
// result Undefined. Positions and lengths count characters (code points); upper and lower know the
// letters of ASCII.
#include <algorithm>

#include "services/iot/sql/functions.h"

namespace cloudlet::iot::sql {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

// The byte where character `number` (from 0) begins; the end if there are fewer.
std::size_t byte_of(std::string_view text, std::int64_t number) {
  std::size_t at = 0;
  for (; number > 0 && at < text.size(); --number) {
    for (++at; at < text.size() && continues(text[at]);) ++at;
  }
  return at;
}

Value made(Frame& frame, std::string_view text) {
  return frame.input.afford(text.size()) ? Value::of(text) : Value();
}

template <char First, char Last, int By>
Value change_case(Frame& frame, Arguments args) {
  auto text = to_text(args[0], frame.version);
  if (!text) return {};
  for (char& c : *text) {
    if (c >= First && c <= Last) c = static_cast<char>(c + By);
  }
  return made(frame, *text);
}

enum class Trim { left, right, both };

template <Trim Side>
Value trim(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  if (!text) return {};
  std::string_view rest = *text;
  const std::string_view blanks = Side == Trim::both ? " \t\r\n\f\v" : " \t";
  if (Side != Trim::right)
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  if (Side != Trim::left) rest = rest.substr(0, rest.find_last_not_of(blanks) + 1);
  return made(frame, rest);
}

enum class Pad { left, right };

template <Pad Side>
Value pad(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  const auto count = to_int(args[1]);
  if (!text || !count) return {};
  const std::string blanks(static_cast<std::size_t>(std::clamp<std::int64_t>(*count, 0, 1000)),
                           ' ');
  return made(frame, Side == Pad::left ? blanks + *text : *text + blanks);
}

template <class Test>
Value with_two(Frame& frame, Arguments args, Test test) {
  const auto a = to_text(args[0], frame.version);
  const auto b = to_text(args[1], frame.version);
  return a && b ? test(*a, *b) : Value();
}

Value starts_with(Frame& frame, Arguments args) {
  return with_two(frame, args, [](const std::string& a, const std::string& b) {
    return Value::of(a.starts_with(b));
  });
}

Value ends_with(Frame& frame, Arguments args) {
  return with_two(frame, args, [](const std::string& a, const std::string& b) {
    return Value::of(a.ends_with(b));
  });
}

Value index_of(Frame& frame, Arguments args) {
  return with_two(frame, args, [&](const std::string& a, const std::string& b) {
    if (!frame.input.afford(a.size())) return Value();
    const std::size_t at = a.find(b);
    if (at == std::string::npos) return Value::of(std::int64_t{-1});
    return Value::of(
        static_cast<std::int64_t>(count_characters(std::string_view(a).substr(0, at))));
  });
}

Value length(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  return text ? Value::of(static_cast<std::int64_t>(count_characters(*text))) : Value();
}

Value number_of_bytes(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  return text ? Value::of(static_cast<std::int64_t>(text->size())) : Value();
}

Value replace(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  const auto what = to_text(args[1], frame.version);
  const auto with = to_text(args[2], frame.version);
  if (!text || !what || !with) return {};
  if (what->empty()) return made(frame, *text);
  std::string out;
  std::size_t from = 0;
  for (std::size_t at = text->find(*what); at != std::string::npos; at = text->find(*what, from)) {
    if (!frame.input.afford(at - from + with->size() + 1)) return {};
    out.append(*text, from, at - from).append(*with);
    from = at + what->size();
  }
  out.append(*text, from);
  return made(frame, out);
}

Value substring(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  // Not to_int: an index may lie far outside of 64 bits and is then set to the nearest end.
  const auto first = to_double(args[1]);
  const auto last = args.size() > 2 ? to_double(args[2]) : std::optional<double>(1e15);
  if (!text || !first || !last) return {};
  const auto clamp = [](double index) {
    return static_cast<std::int64_t>(std::clamp(index, 0.0, 1e15));
  };
  const std::size_t from = byte_of(*text, clamp(*first));
  const std::size_t to = byte_of(*text, clamp(*last));
  return made(frame,
              to > from ? std::string_view(*text).substr(from, to - from) : std::string_view());
}

Value character(Frame&, Arguments args) {
  const auto code = to_int(args[0]);
  if (!code || *code < 0 || *code > 127) return {};
  const char c = static_cast<char>(*code);
  return Value::of(std::string_view(&c, 1));
}

}  // namespace

std::span<const Function> text_functions() {
  static constexpr Function table[] = {
      {"chr", 1, 1, character},
      {"endswith", 2, 2, ends_with},
      {"indexof", 2, 2, index_of, Version::v2016_03_23},
      {"length", 1, 1, length, Version::v2016_03_23},
      {"lower", 1, 1, change_case<'A', 'Z', 32>},
      {"lpad", 2, 2, pad<Pad::left>},
      {"ltrim", 1, 1, trim<Trim::left>},
      {"numbytes", 1, 1, number_of_bytes, Version::v2016_03_23},
      {"replace", 3, 3, replace},
      {"rpad", 2, 2, pad<Pad::right>},
      {"rtrim", 1, 1, trim<Trim::right>},
      {"startswith", 2, 2, starts_with},
      {"substring", 2, 3, substring},
      {"trim", 1, 1, trim<Trim::both>},
      {"upper", 1, 1, change_case<'a', 'z', -32>},
  };
  return table;
}

}  // namespace cloudlet::iot::sql
