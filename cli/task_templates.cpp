#include "deed/cli/task_templates.hpp"

#include <array>

namespace deed {
namespace {

constexpr std::string_view digest = R"yaml(# Three pages, summed up and mailed to a team.
deed: 1
name: digest
description: Reads three pages, sums each up, and mails the sums to a team.

inputs:
  to:
    type: array
    items: {type: string, format: email}
    minItems: 1
    description: Who gets the mail
  pages:
    type: array
    items: {type: string, format: uri}
    maxItems: 10
    default: [https://example.org, https://example.com, https://example.net]

budget: {max_cost: 0.50, max_time: 10m}

steps:
  # One call a page. A page that cannot be read does not stop the others, nor the mail.
  - id: fetch
    for: {list: "{{inputs.pages}}", key: item, concurrency: 3}
    tool: http.get
    with: {url: "{{item}}"}
    timeout: 30s
    retry: 3
    on_error: continue

  # A model without tools: whatever a page says, it can only become text here.
  - id: summary
    for: {list: "{{steps.fetch.out}}"}
    if: exists item.body
    llm: "Sum up this page in three sentences. Page {{item.url}}:\n\n{{item.body | first(20000)}}"
    budget: {max_tokens: 20000}

  - id: letter
    llm: "Put these summaries together as the text of one short mail: {{steps.summary.out | json}}"
    budget: {max_tokens: 20000}

  - id: mail
    for: {list: "{{inputs.to}}", key: item}
    tool: email.send
    with:
      to: ["{{item}}"]
      subject: "Digest of {{run.date}}"
      text: "{{steps.letter.text}}"

outputs:
  mails: "{{steps.mail.count}}"
)yaml";

constexpr std::string_view watch = R"yaml(# A page is compared with what it was at the last run; if it changed, somebody gets a mail.
deed: 1
name: watch
description: Mails when a page changes.

inputs:
  url: {type: string, format: uri, description: The page to watch}
  to: {type: string, format: email, description: Who gets the mail}
  file: {type: string, format: path, default: watched.txt, description: Where the page is kept until the next run}

steps:
  - id: page
    tool: http.get
    with: {url: "{{inputs.url}}"}
    timeout: 30s
    retry: {max: 5, wait: 10s}

  # At the first run there is no file yet.
  - id: before
    tool: file.read
    with: {path: "{{inputs.file}}", max_bytes: 1000000}
    on_error: continue

  - id: mail
    if: "steps.before.status == 'done' and steps.before.out.content != steps.page.out.body"
    tool: email.send
    with:
      to: ["{{inputs.to}}"]
      subject: "{{inputs.url}} has changed"
      text: "It is now:\n\n{{steps.page.out.body | first(5000)}}"

  # After the mail: if that is not sent, the next run sees the change again.
  - id: keep
    tool: file.write
    with: {path: "{{inputs.file}}", content: "{{steps.page.out.body}}"}

outputs:
  mail: "{{steps.mail.status}}"
)yaml";

constexpr std::string_view json = R"yaml(# JSON is fetched, changed, and posted record by record.
deed: 1
name: json
description: Copies records from one service to another.

inputs:
  from: {type: string, format: uri, description: "Gives a JSON list of records with id, name and amount"}
  to: {type: string, format: uri, description: Takes one record a POST}
  least: {type: number, default: 10}

secrets: [api_token]

steps:
  - id: source
    tool: http.get
    with: {url: "{{inputs.from}}"}
    retry: 3

  # `key` names each record, so that a run that was broken off goes on with those that are left.
  - id: send
    for: {list: "{{steps.source.out.body | parse}}", key: item.id, max: 1000, concurrency: 4}
    if: "item.amount >= inputs.least"
    tool: http.request
    with:
      method: POST
      url: "{{inputs.to}}"
      headers:
        Content-Type: application/json
        Authorization: "Bearer {{secrets.api_token}}"
      body: '{"id": {{item.id | json}}, "title": {{item.name | trim | upper | json}}, "amount": {{item.amount}}}'
      # The receiver takes a second request with the same Idempotency-Key for the first one. If it does not, remove this: then
      # a request whose answer was lost is put before a person.
      if_in_doubt: {keyed: true}
    on_error: continue

outputs:
  sent: "{{steps.send.count}}"
  failed: "{{steps.send.failures}}"
)yaml";

constexpr std::string_view tidy = R"yaml(# What lies in a folder is put in order in an index file, and somebody gets it as a report. The files themselves stay where they are.
deed: 1
name: tidy
description: Keeps an index of a folder and reports it.

inputs:
  folder: {type: string, format: path, default: inbox}
  to: {type: string, format: email, description: Who gets the report}

steps:
  - id: files
    tool: file.list
    with: {path: "{{inputs.folder}}"}

  # A model without tools: whatever the files are called, it can only become text here.
  - id: order
    llm: "Put these files in order, as a Markdown list with a heading a kind (invoices, letters, pictures, other):\n\n{{steps.files.text}}"
    budget: {max_tokens: 20000}

  - id: index
    tool: file.write
    with: {path: "{{inputs.folder}}/INDEX.md", content: "# {{inputs.folder}} on {{run.date}}\n\n{{steps.order.text}}\n"}

  - id: report
    needs: [index]
    tool: email.send
    with:
      to: ["{{inputs.to}}"]
      subject: "{{inputs.folder}}: {{steps.files.out.entries | length}} files"
      text: "{{steps.order.text}}"
      html: "{{steps.order.text | markdown}}"

outputs:
  index: "{{steps.index.out.path}}"
)yaml";

constexpr std::string_view merge = R"yaml(# One mail a row of a CSV file.
deed: 1
name: merge
description: Mails everybody in a file.

inputs:
  people: {type: string, format: path, default: people.csv, description: "Columns: name, email, amount, active"}
  subject: {type: string, default: Your invoice}

steps:
  # The file is read row by row, however long it is. `key` makes each mail one effect: a run that is killed and resumed, or a file
  # to which rows were added, never mails one address twice.
  - id: mail
    for: {csv: "{{inputs.people}}", key: row.email, max: 10000, concurrency: 4}
    if: "row.active == 'yes' and row.amount | number > 0"
    tool: email.send
    with:
      to: ["{{row.email}}"]
      subject: "{{inputs.subject}}"
      text: |
        Dear {{row.name}},

        you owe us {{row.amount}} EUR as of {{run.date}}.
    # The first three are shown before they are sent, and all large ones.
    approve: {first: 3, when: "row.amount | number > 1000"}
    on_error: continue

outputs:
  sent: "{{steps.mail.count}}"
  failed: "{{steps.mail.failures}}"
)yaml";

constexpr std::array<TaskTemplate, 5> templates = {{
    {"digest", "three pages summed up and mailed to a team", digest},
    {"watch", "a mail when a page changes", watch},
    {"json", "fetch JSON, change it, post it record by record", json},
    {"tidy", "an index of a folder, and a report of it", tidy},
    {"merge", "one mail a row of a CSV file", merge},
}};

}  // namespace

std::span<const TaskTemplate> task_templates() { return templates; }

}  // namespace deed
