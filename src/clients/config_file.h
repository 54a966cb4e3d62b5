#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clients/client.h"

namespace doorward::clients {

/// A variable or header with its value, which may be a secret: it goes to the server and nowhere else, into no
/// message, report or log.
struct Setting {
  std::string name;
  std::string value;
};

enum class Transport : std::uint8_t { unknown, stdio, streamable_http, sse };
std::string_view to_string(Transport transport);

/// One server as a client's file says it; values as they stand there, references such as `${TOKEN}` included.
struct Entry {
  std::string name;
  Scope scope = Scope::user;
  std::string project;  ///< of a local one: the folder that it is for
  Transport transport = Transport::unknown;
  std::string command;  ///< of stdio
  std::vector<std::string> args;
  std::vector<Setting> env;
  std::vector<std::string> passed_env;  ///< names of variables that the client hands on from its own environment
  std::string env_file;                 ///< `envFile`: a file of more variables, which the client reads at each start
  std::string directory;                ///< where the command starts
  std::string url;
  std::vector<Setting> headers;
  bool disabled = false;
  std::string why_disabled;  ///< where the file does not say it but the client does so
  std::string flaw;          ///< why nothing can be started by it; empty: nothing is wrong
  std::size_t line = 1;      ///< of its name
  std::size_t begin = 0;     ///< byte range of the member; both 0 where it stands in pieces, or elsewhere (an alias)
  std::size_t end = 0;
};

/// What is odd about a file, for people.
struct Note {
  enum class Kind : std::uint8_t { wrong_key, duplicate_name, open_to_others, foreign_owner };
  Kind kind;
  std::size_t line = 1;
  std::string text;
};

/// A configuration file as it was read.
struct ConfigFile {
  std::string path;
  std::string client;  ///< id; `file` where none is known
  std::string label;   ///< of the client, for people
  Scope scope = Scope::user;
  std::string error;  ///< why it could not be read; the rest is empty then
  bool missing = false;    ///< there is no such file
  std::size_t error_line = 1;
  std::vector<Entry> entries;
  std::vector<Note> notes;
};

/// Reads a file of a client. What is wrong stands in the result. Follows links; reads regular files of at most
/// kLargestConfig bytes.
ConfigFile read_config(const FoundFile& file);

/// Reads any file: which client's it is follows from its name, else from its keys. A file without any key that holds
/// servers is an error here.
ConfigFile read_config(const std::string& path);

/// The same of a text, for tests and for editors.
ConfigFile read_config_text(std::string_view text, const Client* client, const Location* location,
                            const std::string& path);

}  // namespace doorward::clients
