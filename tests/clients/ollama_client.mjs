// `ollama`: chat. The library tries nothing again by itself; its user does.
import assert from 'node:assert/strict';
import { Ollama } from 'ollama';
import { recorded, recordedCancel, recordedError, recordedTools } from './hansard.mjs';
import { PIECES, TOOL } from './stub.mjs';

const ANSWER = PIECES.join('');

export default ({ hansard, stub, key }) => {
  const client = () => new Ollama({ host: `${hansard.url}/ollama`,
    headers: { Authorization: `Bearer ${key}` } });
  const user = (content) => ({ role: 'user', content });
  const ask = (said) => client().chat({ model: 'llama3', messages: [user(said)] });
  const tools = [{ type: 'function', function: { name: TOOL.name, description: 'weather',
    parameters: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } } } }];

  /** All of a stream as one message, and its pieces. */
  async function read(stream) {
    const message = { role: 'assistant', content: '' };
    const pieces = [];
    for await (const part of stream) {
      if (part.message.content) pieces.push(part.message.content);
      message.content += part.message.content;
      if (part.message.tool_calls) message.tool_calls = part.message.tool_calls;
      message.last = part;
    }
    return { message, pieces };
  }

  const cases = {
    'whole': () => recorded(hansard, { said: 'plain chat of ollama', answered: ANSWER }, async () => {
      const answer = await ask('plain chat of ollama');
      assert.equal(answer.message.content, ANSWER);
      assert.equal(answer.eval_count, 9);
      assert.equal(stub.calls.at(-1).headers.authorization, `Bearer ${key}`);
    }),
    'streamed': () => recorded(hansard,
      { said: 'plain lines of ollama', answered: ANSWER, stream: true }, async () => {
        const { pieces } = await read(await client().chat(
          { model: 'llama3', messages: [user('plain lines of ollama')], stream: true }));
        assert.deepEqual(pieces, PIECES);
      }),
    'a busy provider is asked again, and it is one call': () => recorded(hansard,
      { said: 'busy ollama', answered: ANSWER, attempts: 2 }, async () => {
        await assert.rejects(ask('busy ollama'), (error) => error.status_code === 429);
        assert.equal((await ask('busy ollama')).message.content, ANSWER);
      }),
    'a refusal is told as it is': () => recordedError(hansard, { said: 'refused ollama', status: 400 },
      () => assert.rejects(ask('refused ollama'), (error) =>
        error.status_code === 400 && /that cannot be asked/.test(error.message))),
    'a refused key is told with the key, and recorded without': () => recordedError(hansard,
      { said: 'stranger at ollama', status: 401 }, () => assert.rejects(ask('stranger at ollama'),
        (error) => error.status_code === 401 && error.message.includes(key))),
    'left midway': () => recordedCancel(hansard, stub, { said: 'endless ollama' }, async () => {
      const leaving = client();
      let had = '';
      await assert.rejects(async () => {
        const stream = await leaving.chat(
          { model: 'llama3', messages: [user('endless ollama')], stream: true });
        for await (const part of stream) {
          had += part.message.content;
          if (had.length > ANSWER.length) leaving.abort();
        }
      }, { name: 'AbortError' });
      return had;
    }),
  };
  for (const stream of [false, true]) {
    const said = `tools of ollama ${stream ? 'streamed' : 'whole'}`;
    cases[said] = () => recordedTools(hansard,
      { said, tool: TOOL, output: 'sunny', answered: ANSWER }, async () => {
        const turn = async (messages) => {
          const answer = await client().chat({ model: 'llama3', messages, tools, stream });
          return stream ? (await read(answer)).message : answer.message;
        };
        const { last, ...first } = await turn([user(said)]);
        const [called] = first.tool_calls;
        assert.deepEqual([called.function.name, called.function.arguments], [TOOL.name, TOOL.input]);
        const result = { role: 'tool', content: 'sunny', tool_name: TOOL.name };
        assert.equal((await turn([user(said), first, result])).content, ANSWER);
      });
  }
  return cases;
};
