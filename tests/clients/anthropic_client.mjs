// `@anthropic-ai/sdk`: Messages.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { recorded, recordedCancel, recordedError, recordedTools } from './hansard.mjs';
import { PIECES, TOOL } from './stub.mjs';

const ANSWER = PIECES.join('');

export default ({ hansard, stub, key }) => {
  const client = new Anthropic({ baseURL: `${hansard.url}/anthropic`, apiKey: key });
  const request = (messages, more) => ({ model: 'claude-opus-5', max_tokens: 200, messages, ...more });
  const user = (content) => ({ role: 'user', content });
  const ask = (said) => client.messages.create(request([user(said)]));
  const tools = [{ name: TOOL.name, description: 'weather',
    input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];

  const cases = {
    'whole': () => recorded(hansard, { said: 'plain message', answered: ANSWER }, async () => {
      const answer = await ask('plain message');
      assert.equal(answer.content[0].text, ANSWER);
      assert.equal(answer.usage.cache_read_input_tokens, 5);
      assert.equal(stub.calls.at(-1).headers.authorization, `Bearer ${key}`);
    }),
    'streamed': () => recorded(hansard,
      { said: 'plain streamed message', answered: ANSWER, stream: true }, async () => {
        const pieces = [];
        const stream = client.messages.stream(request([user('plain streamed message')]));
        stream.on('text', (piece) => pieces.push(piece));
        const last = await stream.finalMessage();
        assert.deepEqual(pieces, PIECES);
        assert.equal(last.usage.output_tokens, 9);
        assert.equal(last.stop_reason, 'end_turn');
      }),
    'a busy provider is asked again, and it is one call': () => recorded(hansard,
      { said: 'busy message', answered: ANSWER, attempts: 2 }, async () => {
        assert.equal((await ask('busy message')).content[0].text, ANSWER);
        assert.equal(stub.calls.at(-1).headers['x-stainless-retry-count'], '1');
      }),
    'a refusal is told as it is': () => recordedError(hansard,
      { said: 'refused message', status: 400 }, () => assert.rejects(ask('refused message'), (error) =>
        error instanceof Anthropic.BadRequestError && /that cannot be asked/.test(error.message))),
    'a refused key is told with the key, and recorded without': () => recordedError(hansard,
      { said: 'stranger there', status: 401 }, () => assert.rejects(ask('stranger there'), (error) =>
        error instanceof Anthropic.AuthenticationError && error.message.includes(key))),
    'left midway': () => recordedCancel(hansard, stub, { said: 'endless message' }, async () => {
      const stream = client.messages.stream(request([user('endless message')]));
      let had = '';
      stream.on('text', (piece) => {
        had += piece;
        if (had.length > ANSWER.length) stream.abort();
      });
      await assert.rejects(stream.done(), Anthropic.APIUserAbortError);
      return had;
    }),
  };
  for (const streamed of [false, true]) {
    const said = `tools, ${streamed ? 'streamed' : 'whole'}`.replace(',', '');
    cases[said] = () => recordedTools(hansard,
      { said, tool: TOOL, output: 'sunny', answered: ANSWER }, async () => {
        const turn = (messages) => (streamed
          ? client.messages.stream(request(messages, { tools })).finalMessage()
          : client.messages.create(request(messages, { tools })));
        const first = await turn([user(said)]);
        const [called] = first.content;
        assert.deepEqual([called.id, called.input], [TOOL.id, TOOL.input]);
        const result = [{ type: 'tool_result', tool_use_id: called.id, content: 'sunny' }];
        const last = await turn([user(said), { role: 'assistant', content: first.content }, user(result)]);
        assert.equal(last.content[0].text, ANSWER);
      });
  }
  return cases;
};
