// A plugin for deed: one tool, greeter.hello.
#include <deed/plugins/deed_plugin.hpp>

static std::string hello(const std::string& name) {
  if (name.size() > 255) throw deed::plugin::Error("the name is longer than 255 bytes");
  return "Hello, " + name + "!";
}

// What happens if a call runs twice, after a crash? There is no default. pure: it changes nothing and depends on nothing. read: it
// looks at the world. idempotent: twice is once. keyed: the receiver removes duplicates by context.effect_key(). probeable: it can
// be asked afterwards (needs .probe(…)). once: none of these; deed then asks a person.
DEED_PLUGIN("greeter", "0.1.0",
            tool("hello", "Greets somebody by name.", Effect::pure, hello, arg("name").about("Whom to greet").with("minLength", 1))
                .examples({"Say hello to Ann", "Greet my neighbour Bob", "Greet Ann by name"})  // how people ask for it: small models choose by these words
                .concurrent())
