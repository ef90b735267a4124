import { quote, weekday, type Phrases } from './phrases.js';

/** The English texts of the demo. */
export const english: Phrases = {
  topics: {
    greeting: `Hello, and welcome to **agent-ws**.

I am the built-in demo: no real model, just a guide that runs offline. You can ask me:

- *What can you do?*
- *What is 123 + 456?*
- *What time is it in Tokyo?*
- *Tell me a long story*, and then cancel it
- *How do I use a real model?*`,

    thanks: `You are welcome. I will be here whenever you want to try the service without a key.`,

    capabilities: `I am the demo provider of **agent-ws**. I answer offline and always the same way, so you can try everything the service does before you connect a real model:

1. **Streaming**: this text reaches you word by word, one \`stream_chunk\` at a time.
2. **Tools**: ask me *what is (3 + 4) * 5?* and I call \`calculator\` through the real agent loop; ask for the time and I call \`current_time\`.
3. **Cancel**: ask for *a long story* and stop me in the middle.
4. **Markdown**: ask for *a markdown example*.
5. **Guidance**: ask how to *connect a client*, *embed the server* or *use a real model*.`,

    realModel: `To talk to a real model, give the server a key and start it again:

\`\`\`sh
export OPENAI_API_KEY=...
export OPENAI_MODEL=...      # optional
export OPENAI_BASE_URL=...   # optional: any compatible server, such as vLLM or Ollama
npx agent-ws serve
\`\`\`

The same lines without \`export\` work in a \`.env\` file in the directory you start it from. Once a key is set, the real provider takes my place; \`--provider demo\` brings me back.`,

    connect: `Open a WebSocket to \`/ws/agent\` and exchange JSON text frames. In a browser:

\`\`\`js
const socket = new WebSocket('ws://localhost:8003/ws/agent');
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === 'connected') {
    socket.send(JSON.stringify({ type: 'streaming_query', query: 'Hello' }));
  }
  if (message.type === 'stream_chunk') console.log(message.content);
};
\`\`\`

You can send \`ping\`, \`agent_query\`, \`streaming_query\`, \`tool_call\` and \`cancel\`. The page under \`/docs\` describes every message, and \`/static/test_websocket.html\` lets you try them.`,

    cancel: `Send this at any time, also while I am talking:

\`\`\`json
{ "type": "cancel" }
\`\`\`

It stops everything your connection started, and you are answered \`cancelled\`. With a \`run_id\` it stops that run only. The model and the tools are told to stop as well, so nothing goes on costing money.

To try it, ask me for *a long story* and cancel after the first lines.`,

    embed: `**agent-ws** attaches to any Node server you already have:

\`\`\`js
import { createServer } from 'node:http';
import { createAgentSocketServer, createDemoProvider } from 'agent-ws';

const server = createServer(app); // Express, Koa, Fastify or your own handler
createAgentSocketServer({ server, provider: createDemoProvider() });
server.listen(8003);
\`\`\`

It takes only its own path, \`/ws/agent\`; your routes and other WebSockets stay as they are.`,

    tools: `A server with tools lets the model call them while it answers. The command line brings two:

- \`calculator\`: try *what is 123 + 456?*
- \`current_time\`: try *what time is it in London?*

You can also run a tool yourself, without a model:

\`\`\`json
{ "type": "tool_call", "tool_name": "calculator", "params": { "expression": "123 + 456" } }
\`\`\`

Your own tools are made with \`defineTool\`: a name, a description, a schema and a function.`,

    markdown: `## A little of everything

Text can be **bold**, *slanted* or \`code\`.

- A list
- with a second item
  - and one below it

1. First this
2. then that

\`\`\`js
function greet(name) {
  return \`Hello, \${name}\`;
}
\`\`\``,

    story: `## The lighthouse that answered

This is a long story. It is here so that you have time to press cancel.

On the last rock before the open sea stood a lighthouse, and in the lighthouse lived a keeper named Ada. Every evening she climbed two hundred and twelve steps, cleaned the great lens with a soft cloth, and lit the lamp. Every morning she climbed them again and put it out. In between, she listened.

Ships have a great deal to say at night. They asked with their horns how deep the water was, how far the harbour, whether the wind would turn. For years the light could give them only one answer: here is the rock. It was a true answer, but a short one.

So one winter, when the storms kept every boat at home, Ada built a shutter of brass and wood. With the shutter the lamp could blink, and with blinks it could spell. She wrote a table of signals, copied it by hand forty times, and sent it to every captain along the coast.

In spring the first ship came by in the dark. It blinked a question, slowly, for its mate had the table open on his knees: how deep? And the lighthouse answered, letter by letter, while the ship was still reading: nine fathoms, and falling to the west.

Word spread from port to port. Soon the horizon was full of questions. Some nights a dozen ships asked at once, and Ada learned to keep their conversations apart, a few letters to this one, a few letters to the next, so that nobody waited long for the first word. That, she found, was what mattered most to people in the dark: not that the whole answer came at once, but that it began.

There was one captain, though, who asked long questions and had short patience. Halfway through an answer he would see the harbour for himself, and sail on, and the lamp would go on spelling to an empty sea. Oil was dear, and Ada did not like to waste it. So she added one more signal to the table, the shortest of all: two quick blinks, which meant thank you, that is enough.

From then on, whenever a ship blinked twice, the lamp stopped in the middle of its word, and turned to whoever was waiting next. The captains took to it at once. They asked more, because they knew that they could stop. And in the ledger where Ada wrote down the oil, the numbers grew smaller, though the light had never talked so much.

One night the fog came down so thick that a ship lost sight of the lamp between two letters. When the fog lifted, an hour had passed, and the ship was a mile further on. It did not ask its question again. It blinked only the number of the last letter it had read, and the lighthouse, which had written everything down, went on from the letter after it.

Ada grew old, as keepers do, and at last she taught an apprentice to climb the stairs. What shall I say, the apprentice asked, when they ask me something that I do not know? Say that you do not know, said Ada. But say it at once.

And the lamp went round, and the ships went by, and every one of them was answered.

*The end. If you read this far, you did not need to cancel.*`,
  },

  unknown: (question) => `You asked: “${quote(question)}”

I am the built-in demo, not a real model, so that is beyond me. I do know my way around **agent-ws**. Try one of these:

- *What can you do?*
- *What is 123 + 456?*
- *Show me a markdown example*
- *Tell me a long story*

To get real answers, set \`OPENAI_API_KEY\` and start the server again.`,

  earlier: (question) =>
    question === undefined ? `This is the first question of our talk.` : `Before this you wrote: “${quote(question)}”`,

  sum: (expression, result) => `The calculator says: \`${expression}\` = **${result}**`,
  time: ({ date, time, zone }) => `It is **${time}** on ${weekday(date, 'en')}, ${date} (${zone}).`,
  toolSaid: (tool, result) => `The tool \`${tool}\` answered: ${result}`,
  toolFailed: (tool, reason) => `The tool \`${tool}\` could not help: ${reason}`,
  toolMissing: (tool, params) =>
    `I would now call the tool \`${tool}\` with \`${params}\`, but this server does not offer it to me.`,
};
