import { CLOSE_CODES } from '../protocol/close-codes.js';
import { ERROR_CODES } from '../protocol/error-codes.js';
import { CORE_TYPES, TERMINAL_TYPES } from '../protocol/server-messages.js';
import { LIMITS, SUBPROTOCOL } from '../protocol/version.js';
import { docsIntroduction } from './docs-introduction.js';
import { fieldRows } from './field-table.js';
import { both, html, prose, type Html } from './html.js';
import { documentedMessages, type DocumentedMessage, type DocumentSchema } from './message-schemas.js';
import { isDocumented } from './openapi.js';
import type { Route } from './route.js';
import type { HttpRoutesState } from './state.js';

/** The page at `/docs`: everything a client author needs, from the schemas and tables the server runs on. */
export function docsPage(state: HttpRoutesState, routes: readonly Route[]): string {
  const messages = documentedMessages();
  const fromClient = messages.filter(({ direction }) => direction === 'client');
  const fromServer = messages.filter(({ direction }) => direction === 'server');
  const hasTestPage = routes.some(({ path }) => path === '/static/test_websocket.html');
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>agent-ws ${state.info.version}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="docs/style.css" />
      </head>
      <body>
        <a class="skip" href="#introduction">Skip to content</a>
        <header>
          <h1>agent-ws <small>${state.info.version}</small></h1>
          <p class="links">
            ${hasTestPage ? html`<a class="primary" href="static/test_websocket.html">${both('Test page', '测试页面')}</a>` : ''}
            <a href="docs/asyncapi.json">asyncapi.json</a>
            <a href="docs/openapi.json">openapi.json</a>
            <a href="ws/statistics">${both('Statistics', '统计')}</a>
          </p>
        </header>
        <div class="columns">
          <nav aria-label="Contents">
            <ul>
              <li><a href="#introduction">${both('Introduction', '简介')}</a></li>
              <li><a href="#client-messages">${both('Client messages', '客户端消息')}</a>${contents(fromClient)}</li>
              <li><a href="#server-messages">${both('Server messages', '服务器消息')}</a>${contents(fromServer)}</li>
              <li><a href="#errors">${both('Error codes', '错误码')}</a></li>
              <li><a href="#close-codes">${both('Close codes', '关闭码')}</a></li>
              <li><a href="#limits">${both('Limits', '限制')}</a></li>
              <li><a href="#tools">${both('Tools', '工具')}</a></li>
              <li><a href="#http">HTTP</a></li>
            </ul>
          </nav>
          <main>
            ${docsIntroduction(state.path)}
            <section id="client-messages">
              <h2>${both('Client messages', '客户端消息')}</h2>
              ${fromClient.map(messageCard)}
            </section>
            <section id="server-messages">
              <h2>${both('Server messages', '服务器消息')}</h2>
              ${fromServer.map(messageCard)}
            </section>
            <section id="errors">
              <h2>${both('Error codes', '错误码')}</h2>
              ${table(
                [both('Code', '代码'), both('Meaning', '含义'), both('Retryable', '可重试')],
                Object.entries(ERROR_CODES).map(([code, { meaning, retryable }]) => [
                  html`<code>${code}</code>`,
                  html`${prose(meaning)}`,
                  yesNo(retryable),
                ]),
              )}
            </section>
            <section id="close-codes">
              <h2>${both('Close codes', '关闭码')}</h2>
              ${table(
                [both('Code', '代码'), both('Reason', '原因'), both('Meaning', '含义'), both('Reconnect', '重连')],
                Object.values(CLOSE_CODES).map(({ code, reason, meaning, reconnect }) => [
                  html`<code>${code}</code>`,
                  html`${reason}`,
                  html`${prose(meaning)}`,
                  RECONNECT[reconnect],
                ]),
              )}
            </section>
            <section id="limits">
              <h2>${both('Limits', '限制')}</h2>
              ${table(
                [both('What', '项目'), both('At most', '上限')],
                [
                  [both('Bytes in a message from a client', '客户端单条消息的字节数'), html`${LIMITS.messageBytes}`],
                  [both('Objects and arrays inside each other', 'JSON 嵌套深度'), html`${LIMITS.depth}`],
                  [both('Values in a message from a client', '客户端单条消息中的值数'), html`${LIMITS.values}`],
                  [both('Characters in an id or a name', '标识符与名称的字符数'), html`${LIMITS.idLength}`],
                  [both('Tools a query names', '单次查询可指定的工具数'), html`${LIMITS.toolsPerQuery}`],
                  [both('Bytes of text in one chunk', '单个文本片段的字节数'), html`${LIMITS.chunkBytes}`],
                  [both('Characters in the reason of an approval', '审批理由的字符数'), html`${LIMITS.reasonLength}`],
                  [both('Characters in the title of a conversation', '会话标题的字符数'), html`${LIMITS.titleLength}`],
                  [
                    both('Bytes of JSON in the metadata of a conversation', '会话元数据的 JSON 字节数'),
                    html`${LIMITS.metadataBytes}`,
                  ],
                  [both('Messages or conversations in a page', '每页的消息数或会话数'), html`${LIMITS.pageSize}`],
                ],
              )}
            </section>
            <section id="tools">
              <h2>${both('Tools', '工具')}</h2>
              ${toolCards(state)}
            </section>
            <section id="http">
              <h2>HTTP</h2>
              ${table(
                [both('Path', '路径'), both('What', '说明'), both('Answers', '响应')],
                routes
                  .filter(isDocumented)
                  .map(({ path, summary, answers }) => [
                    html`<code>${path}</code>`,
                    both(summary.en, summary.zh),
                    html`${answers.map(({ status, meaning }) => html`<div><code>${status}</code> ${meaning}</div>`)}`,
                  ]),
              )}
            </section>
          </main>
        </div>
      </body>
    </html> `;
  return page.text;
}

const RECONNECT = {
  no: both('no', '否'),
  yes: both('yes', '是'),
  later: both('yes, after a longer wait', '是，稍后'),
} as const;

function yesNo(value: boolean): Html {
  return value ? both('yes', '是') : both('no', '否');
}

function contents(messages: readonly DocumentedMessage[]): Html {
  return html`<ul>
    ${messages.map(
      ({ id, type }) =>
        html`<li>
          <a href="#${id}"><code>${type}</code></a>
        </li>`,
    )}
  </ul>`;
}

function messageCard({ id, type, direction, schema, example }: DocumentedMessage): Html {
  return html`<article id="${id}">
    <h3>
      <a href="#${id}"><code>${type}</code></a> ${badges(type, direction)}
    </h3>
    <p>${prose(schema.description ?? '')}</p>
    ${fieldTable(schema)}
    <pre tabindex="0"><code>${JSON.stringify(example, undefined, 2)}</code></pre>
  </article> `;
}

function badges(type: string, direction: DocumentedMessage['direction']): Html[] {
  if (direction === 'client')
    return [html`<span class="badge up">${both('client → server', '客户端 → 服务器')}</span>`];
  const shown = [html`<span class="badge down">${both('server → client', '服务器 → 客户端')}</span>`];
  if (TERMINAL_TYPES.has(type)) shown.push(html` <span class="badge">${both('ends a run', '结束运行')}</span>`);
  if (!CORE_TYPES.has(type)) shown.push(html` <span class="badge"><code>${SUBPROTOCOL}</code></span>`);
  return shown;
}

function fieldTable(schema: DocumentSchema): Html {
  return table(
    [both('Field', '字段'), both('Type', '类型'), both('Required', '必填'), both('Meaning', '说明')],
    fieldRows(schema).map(({ path, type, required, rules, meaning }) => [
      html`<code>${path}</code>`,
      type,
      yesNo(required),
      html`${prose(meaning)}${rules.map((rule) => html` <span class="rule">${rule}</span>`)}`,
    ]),
  );
}

function toolCards(state: HttpRoutesState): Html | Html[] {
  const tools = state.tools();
  if (tools.length === 0) return html`<p>${both('This server offers none.', '此服务器未提供工具。')}</p>`;
  return tools.map(
    ({ name, description, parameters }) =>
      html`<article id="tool-${name}">
        <h3>
          <a href="#tool-${name}"><code>${name}</code></a>
        </h3>
        <p>${description}</p>
        ${fieldTable(parameters)}
      </article> `,
  );
}

function table(head: readonly Html[], rows: readonly (readonly Html[])[]): Html {
  return html`<div class="scroll" tabindex="0">
    <table>
      <thead>
        <tr>
          ${head.map((cell) => html`<th scope="col">${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td>${cell}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
