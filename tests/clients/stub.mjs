// A provider without a model: the first word of the last user's message says what becomes of the call.
//   plain    the pieces below           tools    a call of a tool, and the pieces after its result
//   refused  400                        stranger 401, repeating the key it was sent, as some do
//   busy     429 once, then as `plain`  endless  pieces for as long as somebody listens
import http from 'node:http';
import { once } from 'node:events';
import * as apis from './apis.mjs';

export const PIECES = ['The', ' answer', ' is', ' forty', '-two', ',\n', 'Größe ', '🙂', ' "quoted"', '.'];
export const TOOL = { id: 'call_1', name: 'get_weather', input: { city: 'Graz' } };

const API_OF = {
  '/v1/chat/completions': apis.chat, '/v1/responses': apis.responses, '/v1/messages': apis.messages,
  '/api/chat': apis.ollama,
};

const textOf = (content) =>
  typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');

/** What the call is to become: by its last message of a user that is no tool's result. */
function wish(body) {
  const list = body.messages ?? (typeof body.input === 'string' ? [{ role: 'user', content: body.input }]
    : body.input);
  const said = list.filter((it) => it.role === 'user' && textOf(it.content) !== '').at(-1);
  const answered = list.some((it) => it.role === 'tool' || it.type === 'function_call_output'
    || (Array.isArray(it.content) && it.content.some((block) => block.type === 'tool_result')));
  return { text: textOf(said.content), answered };
}

export class Stub {
  /** Each call: path, headers, body, and `over`, which tells whether it was answered to its end. */
  calls = [];
  #turnedAway = new Set();
  #server = http.createServer((request, response) => {
    this.#serve(request, response).catch((error) => { response.destroy(error); });
  });

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    const api = API_OF[request.url.split('?')[0]];
    const call = { path: request.url, headers: request.headers, body };
    call.over = once(response, 'close').then(() => (response.writableFinished ? 'finished' : 'cut'));
    this.calls.push(call);
    const { text, answered } = wish(body);
    const [word] = text.split(' ');
    const error = (status, type, message, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(api.error(status, type, message)));
    };
    if (word === 'refused') return error(400, 'invalid_request_error', 'that cannot be asked');
    if (word === 'stranger') {
      const key = request.headers.authorization ?? request.headers['x-api-key'];
      return error(401, 'authentication_error', `Incorrect API key provided: ${key}`);
    }
    if (word === 'busy' && !this.#turnedAway.has(text)) {
      this.#turnedAway.add(text);
      return error(429, 'rate_limit_error', 'slow down', { 'retry-after-ms': '5', 'retry-after': '1' });
    }
    const answer = word === 'tools' && !answered ? { tool: TOOL } : { text: PIECES };
    if (!(body.stream ?? api === apis.ollama)) {
      const written = JSON.stringify(api.whole(body, answer));
      response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'req_1' });
      return response.end(written);
    }
    response.writeHead(200, { 'content-type': api.type, 'cache-control': 'no-cache' });
    if (word === 'endless') return this.#forever(api, body, response);
    for (const frame of api.frames(body, answer)) response.write(frame);
    return response.end();
  }

  async #forever(api, body, response) {
    const endless = { get text() { return (function* () { for (;;) yield* PIECES; })(); } };
    for (const frame of api.frames(body, endless)) {
      if (response.destroyed) return;
      response.write(frame);
      await new Promise((resume) => { setTimeout(resume, 2); });
    }
  }
}
