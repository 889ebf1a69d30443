#include "deed/plugins/child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/plugins/sandbox_fixture.hpp"

namespace deed {
namespace {

TEST(Tmp, Landlock) {
  EXPECT_OK(try_sandbox(SandboxKind::landlock));
  EXPECT_OK(try_sandbox(SandboxKind::bubblewrap));
  for (SandboxKind k : {SandboxKind::landlock, SandboxKind::bubblewrap}) {
  if (!try_sandbox(k)) continue;
  for (std::string script : {"id; ulimit -a; env; ls -l /proc/self/fd; grep -E 'Cap|Sec|NoNew|Sig' /proc/self/status; cat /etc/passwd; ls /tmp; touch /tmp/x", "exec /usr/bin/python3 -c 'import os,ssl,subprocess; print(os.getpid(), os.getpgid(0)); print(subprocess.run([\"/bin/echo\",\"hi\"]))'",
     "exec /usr/bin/node -e 'console.log(process.version, require(\"child_process\").execSync(\"echo sub\").toString())'"}) {
  const Said said = run_to_end({.command = {"/bin/sh", "-c", script}, .folder = "/usr", .environment={"A=b"}, .sandbox = k});
  printf("%s\n-----\n%s-----\n%d %d\n", said.output.c_str(), said.errors.c_str(), said.end.code, said.end.signal);
  }}
}

}  // namespace
}  // namespace deed
