#include "http/form.h"

#include <gtest/gtest.h>

namespace doorward::http {
namespace {

TEST(Form, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(form_encode({{"a", "AZaz09-._~"}, {"b c", "x&y=z%+/\xc3\xa9"}}), "a=AZaz09-._~&b%20c=x%26y%3Dz%25%2B%2F%C3%A9");
  EXPECT_EQ(percent_decode("x%26y%3dz%25+%C3%A9"), "x&y=z% \xc3\xa9");
  for (const char* bad : {"%", "%4", "%4g", "a%", "%%41"}) EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(Form, FindsAValueThatIsThereOnce) {
  EXPECT_EQ(form_value("a=1&b=%202&c", "b").value(), " 2");
  EXPECT_EQ(form_value("a=1&b=2&c", "c").value(), "");
  EXPECT_EQ(form_value("a=1", "b").error().kind, ErrorKind::not_found);
  EXPECT_EQ(form_value("", "b").error().kind, ErrorKind::not_found);
  EXPECT_EQ(form_value("b=1&b=1", "b").error().kind, ErrorKind::invalid);
  EXPECT_EQ(form_value("b=%", "b").error().kind, ErrorKind::invalid);
  EXPECT_EQ(form_value("b=12", "b", 4).value(), "12");
  EXPECT_EQ(form_value("b=%31", "b", 4).error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace doorward::http
