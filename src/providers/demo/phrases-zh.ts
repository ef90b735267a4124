import { quote, weekday, type Phrases } from './phrases.js';

/** The Chinese texts of the demo. */
export const chinese: Phrases = {
  topics: {
    greeting: `你好，欢迎使用 **agent-ws**。

我是内置的演示助手：我不是真正的模型，只是一个离线运行的向导。你可以问我：

- *你能做什么？*
- *123 + 456 等于多少？*
- *东京现在几点？*
- *讲一个长故事*，然后取消它
- *怎么使用真实模型？*`,

    thanks: `不客气。想在没有密钥的情况下试用服务，随时可以找我。`,

    capabilities: `我是 **agent-ws** 的演示助手。我离线回答，而且每次的回答都相同，所以你可以在接入真实模型之前试用全部功能：

1. **流式输出**：这段文字正一个词一个词地到达，每次一条 \`stream_chunk\`。
2. **工具**：问我 *(3 + 4) * 5 等于多少？*，我会通过真实的智能体循环调用 \`calculator\`；问我时间，我会调用 \`current_time\`。
3. **取消**：让我 *讲一个长故事*，再中途打断我。
4. **Markdown**：让我 *展示 Markdown 格式*。
5. **指引**：问我怎样 *连接客户端*、*嵌入服务器* 或 *使用真实模型*。`,

    realModel: `要与真实模型对话，请为服务器设置密钥，然后重新启动：

\`\`\`sh
export OPENAI_API_KEY=...
export OPENAI_MODEL=...      # 可选
export OPENAI_BASE_URL=...   # 可选：任何兼容的服务，例如 vLLM 或 Ollama
npx agent-ws serve
\`\`\`

把这几行写进启动目录下的 \`.env\` 文件也可以（去掉 \`export\`）。设置密钥后，真实模型会接替我；加上 \`--provider demo\` 就能换回我。`,

    connect: `用 WebSocket 连接 \`/ws/agent\`，双方交换 JSON 文本帧。在浏览器里：

\`\`\`js
const socket = new WebSocket('ws://localhost:8003/ws/agent');
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === 'connected') {
    socket.send(JSON.stringify({ type: 'streaming_query', query: '你好' }));
  }
  if (message.type === 'stream_chunk') console.log(message.content);
};
\`\`\`

你可以发送 \`ping\`、\`agent_query\`、\`streaming_query\`、\`tool_call\` 和 \`cancel\`。\`/docs\` 页面说明了每一种消息，\`/static/test_websocket.html\` 可以直接试用。`,

    cancel: `随时都可以发送这条消息，我正在说话时也可以：

\`\`\`json
{ "type": "cancel" }
\`\`\`

它会停止这个连接发起的所有任务，你会收到 \`cancelled\`。带上 \`run_id\` 就只停止那一个。模型和工具也会同时停下，不会继续产生费用。

想试一试的话，让我 *讲一个长故事*，看到开头几行后取消即可。`,

    embed: `**agent-ws** 可以挂到你现有的任何 Node 服务器上：

\`\`\`js
import { createServer } from 'node:http';
import { createAgentSocketServer, createDemoProvider } from 'agent-ws';

const server = createServer(app); // Express、Koa、Fastify 或你自己的处理函数
createAgentSocketServer({ server, provider: createDemoProvider() });
server.listen(8003);
\`\`\`

它只占用自己的路径 \`/ws/agent\`，你原有的路由和其他 WebSocket 都不受影响。`,

    tools: `服务器带有工具时，模型可以在回答过程中调用它们。命令行自带两个：

- \`calculator\`：试试 *123 + 456 等于多少？*
- \`current_time\`：试试 *伦敦现在几点？*

你也可以不经过模型，直接运行工具：

\`\`\`json
{ "type": "tool_call", "tool_name": "calculator", "params": { "expression": "123 + 456" } }
\`\`\`

用 \`defineTool\` 可以定义你自己的工具：名称、描述、参数模式和一个函数。`,

    markdown: `## 各种格式一览

文字可以 **加粗**、*倾斜*，也可以是 \`代码\`。

- 一个列表
- 第二项
  - 下面还有一项

1. 先做这个
2. 再做那个

\`\`\`js
function greet(name) {
  return \`你好，\${name}\`;
}
\`\`\``,

    story: `## 会回答的灯塔

这是一个很长的故事，好让你有时间按下取消。

在大海前的最后一块礁石上，有一座灯塔，塔里住着一位守塔人，名叫阿达。每天傍晚，她爬上两百一十二级台阶，用软布擦亮巨大的透镜，点起灯火。每天清晨，她再爬上去，把灯熄灭。在这之间，她静静地听。

夜里的船有许多话要说。它们用汽笛询问水有多深，港口有多远，风会不会转向。许多年来，灯光只能给出一个回答：这里有礁石。这个回答是真的，可是太短了。

于是有一年冬天，风暴把所有的船都留在了家里，阿达用黄铜和木头做了一扇遮光板。有了它，灯就能闪烁；能闪烁，就能拼出文字。她写了一张信号表，亲手抄了四十份，寄给沿岸的每一位船长。

春天，第一艘船在黑夜里经过。大副把信号表摊在膝上，慢慢地闪出一个问题：水多深？船还在读着，灯塔已经一个字一个字地回答：九寻，向西渐浅。

消息从一个港口传到另一个港口。不久，海平线上到处都是问题。有些夜晚，十几艘船同时发问，阿达学会了把它们的对话分开：给这一艘几个字，再给那一艘几个字，谁也不必久等第一个字。她发现，对黑暗中的人来说，最要紧的不是整个回答一下子到来，而是回答已经开始。

不过有一位船长，问题很长，耐心很短。回答刚到一半，他自己就看见了港口，扬帆而去，只剩灯火对着空空的大海继续诉说。灯油很贵，阿达舍不得浪费。于是她在信号表里又加了一条，也是最短的一条：快闪两下，意思是谢谢，够了。

从那以后，只要有船闪两下，灯就在一个字的中间停住，转向下一个等待的人。船长们立刻喜欢上了它。他们问得更多了，因为知道随时可以停下。阿达记录灯油的账本上，数字反而越来越小，尽管灯光从来没有说过这么多的话。

有一夜大雾弥漫，一艘船在两个字之间失去了灯光。雾散时，一个小时已经过去，船也走出了一海里。它没有重新提问，只闪出了自己读到的最后一个字的编号；灯塔把一切都记了下来，便从下一个字接着说。

阿达老了，守塔人总会老的。最后她教一个学徒爬上楼梯。学徒问：要是他们问了我不知道的事，我该怎么说？阿达说：就说你不知道。但是要马上说。

灯一圈一圈地转，船一艘一艘地过，每一艘都得到了回答。

*故事讲完了。如果你读到了这里，说明你不需要取消。*`,
  },

  unknown: (question) => `你问的是：“${quote(question)}”

我是内置的演示助手，不是真正的模型，这个问题我答不上来。不过我很熟悉 **agent-ws**，你可以试试：

- *你能做什么？*
- *123 + 456 等于多少？*
- *展示 Markdown 格式*
- *讲一个长故事*

想得到真正的回答，请设置 \`OPENAI_API_KEY\` 并重新启动服务器。`,

  earlier: (question) =>
    question === undefined ? `这是我们对话的第一个问题。` : `在这之前你写的是：“${quote(question)}”`,

  sum: (expression, result) => `计算器的结果：\`${expression}\` = **${result}**`,
  time: ({ date, time, zone }) => `现在是 ${date}，${weekday(date, 'zh')}，**${time}**（${zone}）。`,
  toolSaid: (tool, result) => `工具 \`${tool}\` 的回答：${result}`,
  toolFailed: (tool, reason) => `工具 \`${tool}\` 没能完成：${reason}`,
  toolMissing: (tool, params) => `我本来会调用工具 \`${tool}\`，参数是 \`${params}\`，但这台服务器没有向我提供它。`,
};
