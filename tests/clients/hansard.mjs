// `hansard serve` as a process, and what it has recorded as its HTTP API tells it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { USAGE } from './apis.mjs';

export class Hansard {
  #end = 0; // of what `news` has told

  constructor(binary, folder) {
    this.binary = binary;
    this.folder = folder;
  }

  /** With these providers: {name: base URL}. */
  async start(providers) {
    writeFileSync(join(this.folder, 'hansard.toml'), Object.entries(providers)
      .map(([name, url]) => `[providers.${name}]\nbase_url = "${url}"\n`).join(''));
    this.process = spawn(this.binary,
      ['serve', '--data', 'data', '--listen', '127.0.0.1:0', '--log-level', 'debug'],
      { cwd: this.folder, stdio: ['ignore', 'pipe', openSync(join(this.folder, 'log'), 'w')] });
    process.on('exit', () => this.process.kill('SIGKILL')); // whatever happened to us
    const lines = createInterface({ input: this.process.stdout });
    const [line] = await Promise.race([once(lines, 'line'), once(this.process, 'exit').then(() => [''])]);
    this.url = line.match(/http:\S+/)?.[0];
    assert(this.url, `the server did not start: ${readFileSync(join(this.folder, 'log'))}`);
  }

  async stop() {
    if (this.process.exitCode !== null) return;
    this.process.kill('SIGTERM');
    const [code] = await once(this.process, 'exit');
    assert.equal(code, 0, 'hansard did not stop cleanly');
  }

  async get(path) {
    const answer = await fetch(this.url + path);
    const text = await answer.text();
    assert.equal(answer.status, 200, `${path}: ${text}`);
    return text;
  }

  async json(path) { return JSON.parse(await this.get(path)); }

  /** Events since the last time, at least until one of type `until` is there. */
  async news(until) {
    const events = [];
    const signal = AbortSignal.timeout(10_000);
    const answer = await fetch(`${this.url}/v1/events?from=${this.#end}&follow=${until !== undefined}`,
      { signal });
    let text = '';
    for await (const bytes of answer.body.pipeThrough(new TextDecoderStream())) {
      text += bytes;
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
        const event = JSON.parse(text.slice(0, at));
        text = text.slice(at + 1);
        if (event.type) events.push(event);
      }
      if (until && events.some((event) => event.type === until)) break;
    }
    if (events.length > 0) this.#end = events.at(-1).position + 1;
    return events;
  }

  history(events) { return this.json(`/v1/sessions/${events[0].stream.replace('session-', '')}/history`); }

  /** Tokens and calls of everything so far. */
  async usage() {
    const { total } = await this.json(`/v1/usage?at_least=${this.#end}`);
    return total;
  }

  /** Where these words stand in what the process has written. To be called after `stop`. */
  find(secrets) {
    const found = [];
    const look = (path) => {
      if (statSync(path).isDirectory()) return readdirSync(path).forEach((name) => look(join(path, name)));
      const bytes = readFileSync(path);
      for (const secret of secrets) if (bytes.includes(secret)) found.push(`${secret} in ${path}`);
    };
    look(join(this.folder, 'data'));
    look(join(this.folder, 'log'));
    return found;
  }
}

const types = (events) => events.map((event) => event.type)
  .filter((type) => !['SessionCreated', 'SessionConfigured'].includes(type));
const text = (parts) => parts.filter((part) => part.type === 'text').map((part) => part.text).join('');
const only = (events, type) => {
  const found = events.filter((event) => event.type === type);
  assert.equal(found.length, 1, `one ${type} in ${types(events)}`);
  return found[0];
};

/** Does `call`, and holds what was recorded of it against what was said and answered. */
export async function recorded(hansard, { said, answered, attempts = 1, stream = false }, call) {
  const before = await hansard.usage();
  await call();
  const events = await hansard.news();
  const failed = Array(attempts - 1).fill(['ResponseRequested', 'ResponseFailed']).flat();
  assert.deepEqual(types(events), ['MessageSent', ...failed, 'ResponseRequested', 'ResponseReceived']);
  for (const { facts } of events.filter((event) => event.type === 'ResponseFailed')) {
    // Some libraries let go of a refusal before they have read it: that is one all the same.
    assert.deepEqual([facts.reason, facts.status, facts.retryable], ['error', 429, true]);
  }
  assert.equal(text(only(events, 'MessageSent').content.parts), said);
  const request = events.filter((event) => event.type === 'ResponseRequested').at(-1);
  assert.equal(request.facts.stream, stream);
  assert.equal(request.facts.attempt, attempts);
  const answer = only(events, 'ResponseReceived');
  assert.equal(text(answer.content.parts), answered);
  assert.equal(answer.facts.usage_source, 'provider');
  const history = await hansard.history(events);
  assert.deepEqual(history.messages.map((it) => [it.role, text(it.parts)]),
    [['user', said], ['assistant', answered]]);
  const after = await hansard.usage();
  assert.equal(after.calls - before.calls, attempts);
  const added = (name) => (after.tokens[name] ?? 0) - (before.tokens[name] ?? 0);
  assert.deepEqual([added('input'), added('output')], [USAGE.input, USAGE.output]);
}

/** A tool is called and answered: one conversation of two calls, everything in it once. */
export async function recordedTools(hansard, { said, tool, output, answered }, call) {
  await call();
  const events = await hansard.news();
  assert.deepEqual(types(events), ['MessageSent', 'ResponseRequested', 'ResponseReceived', 'ToolCalled',
    'ToolCompleted', 'ResponseRequested', 'ResponseReceived']);
  assert.equal(new Set(events.map((event) => event.stream)).size, 1);
  assert.equal(text(only(events, 'MessageSent').content.parts), said);
  const called = only(events, 'ToolCalled');
  assert.equal(called.facts.tool, tool.name);
  const { arguments: input } = called.content; // OpenAI writes them as text
  assert.deepEqual(typeof input === 'string' ? JSON.parse(input) : input, tool.input);
  assert(JSON.stringify(only(events, 'ToolCompleted').content).includes(output));
  assert.equal(text(events.at(-1).content.parts), answered);
  const history = await hansard.history(events);
  assert.deepEqual(history.messages.map((it) => it.role), ['user', 'assistant', 'assistant']);
}

/** The provider refuses, once, and that is what the client is told and the record says. */
export async function recordedError(hansard, { said, status }, call) {
  await call();
  const events = await hansard.news();
  assert.deepEqual(types(events), ['MessageSent', 'ResponseRequested', 'ResponseFailed']);
  const failed = only(events, 'ResponseFailed');
  assert.equal(failed.facts.reason, 'error');
  assert.equal(failed.facts.status, status);
  assert.equal(text(only(events, 'MessageSent').content.parts), said);
}

/** A client that leaves midway: what it had by then is on record, and the provider is let go. */
export async function recordedCancel(hansard, stub, { said }, call) {
  const had = await call();
  assert(had.length > 0, 'something was received');
  const events = await hansard.news('ResponseFailed');
  assert.deepEqual(types(events), ['MessageSent', 'ResponseRequested', 'ResponseFailed']);
  const failed = only(events, 'ResponseFailed');
  assert.equal(failed.facts.reason, 'cancelled');
  assert(text(failed.content.parts).startsWith(had), 'the record has less than the client');
  assert.equal(text(only(events, 'MessageSent').content.parts), said);
  assert.equal(await stub.calls.at(-1).over, 'cut');
}
