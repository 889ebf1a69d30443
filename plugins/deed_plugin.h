/* The C interface between deed and a plugin, version 1. This file is all that a plugin in C needs; it includes nothing of deed.
 *
 * A plugin is a shared library that exports one function, `deed_plugin_entry`. It gives back a table that describes tools: what
 * each is called, what arguments it takes, what a second run of it would do to the world, and the functions that do it. deed
 * validates the arguments, applies the user's policy, asks for approval, and journals each call before and after: the same as
 * for its own tools. docs/plugins.md leads from nothing to a working plugin.
 *
 * Conventions, said once:
 *  - Text is UTF-8, given as a pointer and a length in bytes; it need not end in a NUL byte, and is borrowed: whoever receives
 *    it copies what it wants to keep before it returns. A NULL pointer with size 0 is "nothing".
 *  - Nobody frees what the other side allocated. No exception, longjmp or signal crosses the border.
 *  - Each struct begins with its size in bytes, as its maker was compiled. Version 1 only ever grows at the end of a struct: what
 *    lies behind the given size is taken as zero. Numbers of enumerators never change.
 *  - The functions of `deed_host` may be called from any thread, at any time between `deed_plugin_entry` and `close`.
 *  - The functions of a plugin are called on threads of deed; calls of one plugin may overlap only if it says
 *    DEED_TOOL_CONCURRENT of the tool.
 * Where the plugin runs in a process of its own (the default), deed's side of this interface is in that process, and every word
 * goes over a pipe; a plugin sees no difference.
 */
#ifndef DEED_PLUGIN_H
#define DEED_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEED_PLUGIN_ABI_VERSION 1u

#if defined(__GNUC__)
#define DEED_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define DEED_PLUGIN_EXPORT
#endif

/* A borrowed piece of UTF-8. */
typedef struct deed_text {
  const char* data;
  size_t size; /* bytes */
} deed_text;

/* What happens if a call runs twice; decides what a crash or a lost answer leads to. There is no default: a tool without a
 * class is refused. */
typedef enum deed_effect {
  DEED_EFFECT_UNDECLARED = 0,
  DEED_EFFECT_PURE = 1,       /* depends on nothing, changes nothing: may run again */
  DEED_EFFECT_READ = 2,       /* looks at the world: may run again */
  DEED_EFFECT_IDEMPOTENT = 3, /* doing it twice is doing it once: retried with the same key */
  DEED_EFFECT_KEYED = 4,      /* the receiver removes duplicates by the key */
  DEED_EFFECT_PROBEABLE = 5,  /* can be asked afterwards whether it happened: needs `probe` */
  DEED_EFFECT_ONCE = 6        /* none of these: after a crash deed stops and asks a person */
} deed_effect;

/* How a call ended. "It may have happened" is an answer. */
typedef enum deed_status {
  DEED_SUCCEEDED = 1,
  DEED_REJECTED = 2,              /* the receiver said no; nothing happened */
  DEED_FAILED_WITHOUT_EFFECT = 3, /* provably nothing happened */
  DEED_UNKNOWN = 4                /* it may have happened */
} deed_status;

/* What a probe found out. Confirm on positive evidence only; refute only where the source is authoritative. */
typedef enum deed_verdict { DEED_CONFIRMED = 1, DEED_REFUTED = 2, DEED_UNDECIDED = 3 } deed_verdict;

/* What the functions of the host give back. */
typedef enum deed_error {
  DEED_ERROR_NONE = 0,
  DEED_ERROR_INVALID = 1,     /* an argument is wrong: a NULL that may not be one, not JSON, not UTF-8, not an enumerator */
  DEED_ERROR_NO_CALL = 2,     /* there is no such call (any more): it has its outcome, or was given up */
  DEED_ERROR_CANCELLED = 3,   /* the call is to end */
  DEED_ERROR_DENIED = 4,      /* the manifest does not ask for it, or the user did not agree */
  DEED_ERROR_UNAVAILABLE = 5, /* failed; may work later */
  DEED_ERROR_LIMIT = 6        /* too large */
} deed_error;

/* Flags of a tool. */
#define DEED_TOOL_DISPATCHES 1u   /* calls `dispatching` at its commit point: until then provably nothing has happened */
#define DEED_TOOL_HARMLESS 2u     /* stays on this machine and destroys nothing: needs no approval */
#define DEED_TOOL_CONCURRENT 4u   /* calls of it may overlap, with each other and with those of other tools */
#define DEED_TOOL_QUICK 8u        /* pure or read: returns within microseconds and never waits. May be called on deed's main thread */
#define DEED_TOOL_TRUSTED 16u     /* its results are the plugin's own words (a time, a count), not text from elsewhere */

/* One call. Borrowed until its outcome was given with `finish`, `show_preview` or `give_verdict`, which happens exactly once. */
typedef struct deed_call {
  size_t size;
  uint64_t id;            /* names the call to the host; never used a second time in a process */
  void* tool_state;       /* deed_tool::state */
  deed_text arguments;    /* a JSON object that fits the tool's schema */
  deed_text effect_key;   /* 64 hexadecimal digits: the same for every attempt at this call and for no other. Forward it */
  int64_t attempt;        /* 1 for the first */
  int64_t proposed_at_ms; /* Unix time in milliseconds, when the call was proposed: the same for every attempt */
  int64_t dispatched_at_ms; /* in a probe: when `dispatching` was called; else 0 */
  void* call_state;       /* the plugin's own; NULL at first. The host neither reads nor frees it */
} deed_call;

/* How a call ended. */
typedef struct deed_outcome {
  size_t size;
  deed_status status;
  deed_text result; /* succeeded: any JSON. Otherwise nothing */
  deed_text text;   /* succeeded: for the model and people; nothing: `result` is shown. Otherwise: what happened */
  deed_text hint;   /* otherwise: what to do about it; may be nothing */
} deed_outcome;

/* The byte-exact effect, for a dry run and for approval. The same arguments give the same bytes. */
typedef struct deed_preview {
  size_t size;
  deed_text media_type;   /* "text/plain", "message/rfc822" */
  deed_text bytes;
  deed_text summary;      /* one line */
  deed_text destinations; /* a JSON array of texts: what a rule such as --allow 'tool:*@example.org' is matched against; may be nothing */
} deed_preview;

/* An HTTP request through deed's own client: certificates are checked, no redirects, no private addresses, only hosts that the
 * manifest names. */
typedef struct deed_http_request {
  size_t size;
  deed_text method;  /* "GET" */
  deed_text url;     /* http or https */
  deed_text headers; /* a JSON object of texts; may be nothing */
  deed_text body;    /* any bytes */
} deed_http_request;

typedef struct deed_http_response {
  size_t size;
  int64_t status;    /* 200 */
  deed_text headers; /* a JSON object of texts, names in lower case */
  deed_text body;    /* any bytes */
} deed_http_response;

typedef void (*deed_text_receiver)(void* user, deed_text text);
typedef void (*deed_http_receiver)(void* user, const deed_http_response* response);

/* What deed does for a plugin. The table lives until `close` has returned; each function is given the table that it was found in. */
typedef struct deed_host deed_host;
struct deed_host {
  size_t size;
  uint32_t abi_version; /* 1 */
  uint32_t reserved;    /* 0 */

  /* The outcome of a call of `run`. From any thread, in `run` or later.
   * errors  no_call: it has one already, or was given up at its deadline: ignore it. invalid, limit: the call ends with an error
   *         that says so */
  deed_error (*finish)(const deed_host* host, uint64_t call, const deed_outcome* outcome);
  /* What a call of `preview` is answered with; `finish` with a status other than succeeded says that the call cannot be made. */
  deed_error (*show_preview)(const deed_host* host, uint64_t call, const deed_preview* preview);
  /* What a call of `probe` is answered with. `evidence` is one line for people. */
  deed_error (*give_verdict)(const deed_host* host, uint64_t call, deed_verdict verdict, deed_text evidence);

  /* To be called at the commit point: the last instant at which the effect is provably not yet done. Blocks until that is on
   * the disk. After anything but DEED_ERROR_NONE the effect must not be done. Does nothing for pure and read. */
  deed_error (*dispatching)(const deed_host* host, uint64_t call);
  /* 1: begin nothing new, and finish soon. */
  int (*is_cancelled)(const deed_host* host, uint64_t call);
  /* Milliseconds until the call is given up; 0 when it is. */
  int64_t (*time_left_ms)(const deed_host* host, uint64_t call);
  /* A line for whoever watches. */
  void (*progress)(const deed_host* host, uint64_t call, deed_text line);
  /* A line for the log of the plugin; outside of calls, too. */
  void (*log)(const deed_host* host, deed_text line);
  /* A secret by the name that the manifest declares: `receive` gets it before this returns. It is blacked out in what deed
   * writes down. errors  denied: not declared, or the user has none of the name */
  deed_error (*secret)(const deed_host* host, uint64_t call, deed_text name, deed_text_receiver receive, void* user);
  /* One exchange; blocks. Any status is a response. errors  denied: the host is not in the manifest, or the address is not
   * public. unavailable: it may have acted. limit: a request or response over 16 MiB. Not for tools that are quick */
  deed_error (*http)(const deed_host* host, uint64_t call, const deed_http_request* request, deed_http_receiver receive, void* user);
};

/* One tool. */
typedef struct deed_tool {
  size_t size;
  const char* name;        /* "query" of the plugin "sqlite" is the tool "sqlite.query": letters, digits and '_' */
  const char* description; /* for the model: one or two sentences */
  const char* arguments;   /* JSON Schema 2020-12 of an object */
  deed_effect effect;
  uint32_t flags;          /* DEED_TOOL_… */
  const char* roles;       /* a JSON object: argument -> "destination", "id", "value", "text" or "secret"; NULL: none */
  const char* examples;    /* a JSON array of requests that this tool is for, in different words; NULL: none */
  int64_t timeout_ms;      /* of a call; 0: two minutes */
  int64_t max_output_bytes; /* of the result's text that a model is shown; 0: 64 KiB */
  int64_t key_window_ms;   /* keyed: for so long the receiver knows the key; 0: a day */
  void* state;             /* handed to each call */

  void (*run)(const deed_host* host, deed_call* call);
  void (*preview)(const deed_host* host, deed_call* call); /* NULL: none. Changes nothing */
  void (*probe)(const deed_host* host, deed_call* call);   /* NULL: none. Did the effect of this call happen? */
  /* NULL: none. The call is to end: from another thread while `run` works or its outcome is outstanding. Must not wait. */
  void (*cancel)(const deed_host* host, deed_call* call);
} deed_tool;

/* The plugin. Everything lives until `close` has returned. */
typedef struct deed_plugin {
  size_t size;
  uint32_t abi_version; /* DEED_PLUGIN_ABI_VERSION */
  uint32_t tool_count;
  const char* name;     /* "sqlite": letters, digits and '_'; the same as in plugin.toml */
  const char* version;  /* "1.0.0" */
  const deed_tool* const* tools;
  void (*close)(void);  /* NULL: nothing to do. No call is outstanding, and none follows */
} deed_plugin;

/* The one symbol. Called once, before everything else; NULL says that the plugin cannot work here (log why). */
DEED_PLUGIN_EXPORT const deed_plugin* deed_plugin_entry(const deed_host* host);
typedef const deed_plugin* (*deed_plugin_entry_function)(const deed_host* host);

#ifdef __cplusplus
}
#endif
#endif
