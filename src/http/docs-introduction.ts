import { SUBPROTOCOL } from '../protocol/version.js';
import { both, html, type Html } from './html.js';

/** The part of the page that is written rather than derived: what the protocol is, in both languages. */
export function docsIntroduction(path: string): Html {
  return html`<section id="introduction">
    <h2>${both('Introduction', '简介')}</h2>
    <div class="beside">
      <div>
        <p>
          One WebSocket at <code>${path}</code> carries text frames, each one JSON object with a <code>type</code>.
          Whatever a client asks for is a <em>run</em>. A run answers with messages that carry its
          <code>run_id</code> and a <code>seq</code> counted from 1 without holes, and exactly one of them ends it.
          Several runs may be in progress on one connection. Each can be cancelled, and read on over another connection
          by <code>resume</code>.
        </p>
        <p>
          A client that offers the subprotocol <code>${SUBPROTOCOL}</code> gets everything on this page. One that offers
          none gets the core messages only, those without the mark <code>${SUBPROTOCOL}</code>. Both ignore fields they
          do not know.
        </p>
      </div>
      <div lang="zh">
        <p>
          客户端通过 <code>${path}</code> 上的一条 WebSocket 连接与服务器通信，每个文本帧是一个带 <code>type</code> 的
          JSON 对象。 客户端的每个请求都是一次<em>运行</em>（run）：它的消息带有 <code>run_id</code> 和从 1
          开始、连续无空缺的 <code>seq</code>，
          并且恰好以一条终止消息结束。同一连接上可以同时有多个运行，每个都可以单独取消，也可以在另一条连接上用
          <code>resume</code> 继续读取。
        </p>
        <p>
          协商了子协议 <code>${SUBPROTOCOL}</code> 的客户端可以使用本页的全部消息；未协商的客户端只会收到核心消息，
          即没有 <code>${SUBPROTOCOL}</code> 标记的消息。客户端应忽略不认识的字段。
        </p>
      </div>
    </div>
    <h3>${both('A first conversation', '第一次对话')}</h3>
    <pre tabindex="0"><code>const socket = new WebSocket('ws://' + host + '${path}', '${SUBPROTOCOL}');
socket.onopen = () =&gt; socket.send(JSON.stringify({ type: 'streaming_query', query: '你好' }));
socket.onmessage = ({ data }) =&gt; {
  const message = JSON.parse(data);
  if (message.type === 'stream_chunk') console.log(message.content);
  if (message.type === 'error') console.error(message.code, message.error);
};</code></pre>
  </section>`;
}
