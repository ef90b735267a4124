/** 字段、消息与 HTTP 响应的含义，以英文原句为键。英文改动后，测试会指出缺少和多余的译文。 */
export const zhMeanings: Readonly<Record<string, string>> = {
  // 客户端消息
  'Checks that the server answers. Answered by `pong`.': '检查服务器是否应答。以 `pong` 答复。',
  "An id of the client's choice. Replies and the first message of the run repeat it.":
    '由客户端自选的编号。答复以及运行的第一条消息会重复它。',
  'Asks a question; the answer comes whole: `status`, then `agent_response`.':
    '提问，答案一次性返回：先 `status`，后 `agent_response`。',
  'The question; at least one non-blank character.': '问题；至少含一个非空白字符。',
  'Images and files that belong to the question. Where `replace_from` names a question and this is absent, those of that question.':
    '随问题附上的图片和文件。如果 `replace_from` 指向一个问题而此字段缺省，则沿用那个问题的附件。',
  'Whether the model gets an image or a file.': '交给模型的是图片还是文件。',
  'Its media type.': '媒体类型。',
  'The name of the file.': '文件名。',
  'Its bytes.': '内容字节。',
  "Address from which the model's server fetches it. This server never fetches it.":
    '由模型服务去获取的地址。本服务器从不获取它。',
  'Idempotency key and cancel handle of a run. The server makes one if the client does not.':
    '运行的幂等键，也用来取消它。客户端未给出时由服务器生成。',
  'The conversation the question belongs to: its history goes to the model, question and answer are added.':
    '问题所属的会话：其历史会交给模型，问题和答案会加入其中。',
  'A message of the conversation. A question: this one is asked in its place, in a branch beside it. An answer: it is given anew, in a branch beside it; with another query, that is asked in place of its question. The other branch stays.':
    '会话中的一条消息。若是问题：在旁边的新分支中改问这一个。若是答案：在旁边的新分支中重新回答；如果问题文本不同，则改问新的问题。原分支保留。',
  'Where the conversation has a run in progress: wait for it (`enqueue`, without it too), be refused, or cancel it.':
    '会话已有运行正在进行时：排队等待（`enqueue`，缺省也是如此）、被拒绝，或取消正在进行的运行。',
  'What becomes of the run when its last reader leaves. Without it a run that a negotiated client read last is cancelled after `connected.limits.detach_seconds`, any other at once.':
    '最后一个读者离开后如何处理该运行。缺省时：最后的读者协商过子协议，则在 `connected.limits.detach_seconds` 秒后取消；否则立即取消。',
  'The model, from those the operator allows.': '模型，须在运营者允许的范围内。',
  'The temperature, if the operator allows a choice.': '温度，须运营者允许选择。',
  'The tools the model may use: a subset of the allowed ones.': '模型可用的工具：允许的工具的子集。',
  'Asks a question; the answer streams: `stream_start`, many `stream_chunk`, `stream_end`.':
    '提问，答案流式返回：`stream_start`、多条 `stream_chunk`、`stream_end`。',
  'Runs a tool directly. Answered by `tool_result`.': '直接运行一个工具。以 `tool_result` 答复。',
  'The tool.': '工具。',
  'The params, as the schema of the tool defines them.': '参数，须符合该工具的模式。',
  'Stops one run, or every run this connection started or resumed. Answered by `cancelled`.':
    '停止一个运行，或停止本连接发起或续读的所有运行。以 `cancelled` 答复。',
  'The run to stop. Without it: every run this connection started or resumed.':
    '要停止的运行。缺省时：本连接发起或续读的所有运行。',
  'Continues to read a run, or reads it again. Answered by `resumed`, then by every message after `after`.':
    '继续读取一个运行，或重新读取。先以 `resumed` 答复，然后是 `after` 之后的每条消息。',
  'The run.': '运行。',
  'The last `seq` the client has applied; 0 for none.': '客户端已应用的最后一个 `seq`；没有则为 0。',
  'Lists the runs that can be read. Answered by `runs`.': '列出可以读取的运行。以 `runs` 答复。',
  'Decides about a tool call. The first decision counts. Answered by `approval_resolved`.':
    '对一次工具调用作出决定。最先到达的决定生效。以 `approval_resolved` 答复。',
  'The call that `approval_request` asked about.': '`approval_request` 所询问的调用。',
  'Whether the tool may run with exactly the params shown.': '是否允许工具以所示参数原样运行。',
  'Why the call was refused; passed to the model.': '拒绝的理由；会转告模型。',
  'Reads every run of a conversation from now on. Answered by `watching`, then by `run_started` for each.':
    '从现在起读取某会话的所有运行。先以 `watching` 答复，此后每个运行各有一条 `run_started`。',
  "The conversation, by an id of the client's choice.": '会话，编号由客户端自选。',
  '`false` ends the watch.': '`false` 表示停止关注。',
  'Reads the messages of a conversation, the newest page first. Answered by `history`.':
    '读取会话的消息，从最新一页开始。以 `history` 答复。',
  'Maximum number of entries; 50 by default.': '最多返回的条数；默认 50。',
  'Returns only messages before this one.': '只返回这条消息之前的消息。',
  'Selects another branch of a conversation. Answered by `branch_selected`.':
    '选择会话的另一个分支。以 `branch_selected` 答复。',
  'A message of the branch.': '该分支中的一条消息。',
  'Fetches an attachment. Answered by `attachment`.': '获取一个附件。以 `attachment` 答复。',
  'The attachment, as `history` names it.': '附件，即 `history` 给出的编号。',
  'Lists the conversations of an authenticated owner, most recently used first. Answered by `conversations`.':
    '列出已验证身份的所有者的会话，最近使用的在前。以 `conversations` 答复。',
  'Returns only conversations used less recently than this one.': '只返回使用时间早于此会话的会话。',
  'Changes the title or the data of a conversation. Answered by `conversation`.':
    '修改会话的标题或数据。以 `conversation` 答复。',
  'Its new title.': '新标题。',
  'Replaces all data that clients keep with the conversation.': '替换客户端随会话保存的全部数据。',
  'Deletes a conversation of an authenticated owner. Answered by `conversation_deleted`.':
    '删除已验证身份的所有者的一个会话。以 `conversation_deleted` 答复。',

  // 服务器消息
  'The first message of a connection.': '连接的第一条消息。',
  'This connection.': '本连接。',
  'A greeting for people.': '给人看的问候语。',
  'The subprotocol this server speaks.': '服务器使用的子协议。',
  'Identity of the store. After a reconnect with another epoch, the outcome of unanswered requests is unknown.':
    '存储的标识。重连后若 epoch 不同，未得到答复的请求结果未知。',
  'Who owns this connection and its runs.': '本连接及其运行的所有者。',
  'Bytes of a message, runs in progress on one connection, seconds between pings of a silent connection, seconds that a run goes on without a reader, and the attachments that a question may have, if any.':
    '单条消息的字节数、一个连接上同时进行的运行数、静默多久后发送 ping、没有读者时运行继续多久，以及（若允许）问题可带哪些附件。',
  'The answer to `ping`.': '对 `ping` 的答复。',
  'Unix time in seconds; never goes back within a connection.': 'Unix 时间，单位秒；在同一连接内不会倒退。',
  'The `request_id` this answers.': '所答复的 `request_id`。',
  'The run was accepted.': '运行已被接受。',
  'Where the run stands.': '运行所处的状态。',
  'The answer to `resume`, and to a request that repeats the id of a run, which was not executed again.':
    '对 `resume` 的答复；也用于答复重复了某运行编号的请求，该请求不会再次执行。',
  'The server now sends the messages after this `seq`.': '服务器接下来发送此 `seq` 之后的消息。',
  'The newest `seq` of the run.': '该运行最新的 `seq`。',
  'The client holds messages that the server lost. It discards them; the server sends the whole run.':
    '客户端持有服务器已丢失的消息。客户端应丢弃它们；服务器会重发整个运行。',
  'For a queued run: the number of runs ahead of it in the conversation.': '对排队中的运行：会话中排在它前面的运行数。',
  'The approvals the run is waiting for.': '该运行正在等待的审批。',
  'The call, unique within the run.': '调用的编号，在该运行内唯一。',
  'The params of the call, or the text of the model if it was not valid JSON.':
    '调用的参数；如果模型给出的不是合法 JSON，则为其原文。',
  'How long the decision may take.': '作出决定的时限。',
  'The answer to `list_runs`.': '对 `list_runs` 的答复。',
  'The runs that can be read, oldest first; for an anonymous client, the runs that this connection started or resumed.':
    '可以读取的运行，最早的在前；匿名客户端只能看到本连接发起或续读的运行。',
  'What was asked for.': '请求的种类。',
  'The conversation.': '会话。',
  'The answer to `watch`.': '对 `watch` 的答复。',
  'Whether the conversation is now watched.': '现在是否关注该会话。',
  'A conversation this connection watches has a run; its messages follow.':
    '本连接关注的会话有了一个运行；其消息随后到来。',
  'The question.': '问题。',
  'What came with it.': '随问题附上的内容。',
  'The id for `attachment`; absent if the server does not store the bytes.':
    '用于 `attachment` 的编号；服务器不保存内容时缺省。',
  'The message beside which the run begins a branch.': '该运行在哪条消息旁开始新分支。',
  'The server is working on an `agent_query`.': '服务器正在处理 `agent_query`。',
  'What the server is doing.': '服务器正在做什么。',
  'The question, as the conversation keeps it.': '问题在会话中的编号。',
  'The first message of the answer, as the conversation will keep it.': '答案的第一条消息在会话中的编号。',
  'Position in the log of the run, from 1 without holes. Only messages of a run have it.':
    '在运行日志中的位置，从 1 开始、连续无空缺。只有属于运行的消息才有。',
  'The whole answer to an `agent_query`. Ends the run.': '对 `agent_query` 的完整答案。结束该运行。',
  'The whole answer.': '完整的答案。',
  'Who answered.': '由谁回答。',
  'The model that answered.': '回答的模型。',
  'Why the model stopped.': '模型停止的原因。',
  'What the run cost.': '该运行的用量。',
  'Present if the numbers are an estimate of the server.': '出现时表示这些数字是服务器的估算。',
  'Of the input tokens, those the provider had cached.': '输入 token 中由模型服务命中缓存的部分。',
  'Of the output tokens, those that were reasoning.': '输出 token 中用于推理的部分。',
  'The answer to a `streaming_query` begins.': '对 `streaming_query` 的答案开始。',
  'Who answers.': '由谁回答。',
  'The model that answers.': '回答的模型。',
  'The next piece of the answer.': '答案的下一段。',
  'Text.': '文本。',
  'If present, this message replaces all messages from `first_seq` to `seq`.':
    '出现时，本消息代替从 `first_seq` 到 `seq` 的所有消息。',
  "The next piece of the model's reasoning.": '模型推理的下一段。',
  'The model calls a tool.': '模型调用一个工具。',
  'The tool answered: `result` or `error`.': '工具已答复：`result` 或 `error`。',
  'What the tool returned.': '工具返回的内容。',
  'Why it has no result.': '没有结果的原因。',
  'A running tool reports.': '运行中的工具报告进展。',
  'Whatever the tool reports: its progress, a table, a chart.': '工具报告的任意内容：进度、表格、图表。',
  'A tool call waits for approval.': '一次工具调用正在等待审批。',
  'Exactly the params the tool would run with.': '工具将要使用的参数，一字不差。',
  'With `seq`: the decision about a tool call. Without: the reply to `approval`, which tells the decision that stands.':
    '有 `seq`：对一次工具调用的决定。没有：对 `approval` 的答复，告知现行有效的决定。',
  'Whether the tool runs.': '工具是否运行。',
  'Who decided: a client, the timeout, or the end of the run.': '由谁决定：客户端、超时，或运行结束。',
  'What the client gave as the reason.': '客户端给出的理由。',
  'The answer is complete. Ends the run.': '答案已完整。结束该运行。',
  'What the tool returned. Ends the run.': '工具返回的内容。结束该运行。',
  'What it returned.': '返回的内容。',
  'With `seq`: the run was stopped, which ends it. Without: the reply to `cancel`.':
    '有 `seq`：运行被停止并就此结束。没有：对 `cancel` 的答复。',
  'In a run: why it stopped (by a client, without readers, after too long, or for a newer question).':
    '属于运行时：停止的原因（客户端要求、没有读者、超过时限，或被更新的问题取代）。',
  'The partial answer to an `agent_query`.': '对 `agent_query` 已有的部分答案。',
  'In the reply to `cancel`: what it did.': '在对 `cancel` 的答复中：取消的结果。',
  'In the reply to `cancel`: the runs it stopped.': '在对 `cancel` 的答复中：被停止的运行。',
  'With `seq`: the run failed, which ends it. Without: a message was refused. The connection stays open.':
    '有 `seq`：运行失败并就此结束。没有：一条消息被拒绝。连接保持打开。',
  'A sentence for people.': '给人看的一句话。',
  'The cause; see the table of errors.': '原因；见错误码表。',
  'Whether the same request can succeed later.': '同样的请求稍后能否成功。',
  'When to try again.': '何时重试。',
  'The fields that do not match the schema.': '不符合模式的字段。',
  'The answer to `history`.': '对 `history` 的答复。',
  'The title. By default, the beginning of the first question.': '标题。默认为第一个问题的开头。',
  'Data that clients keep with the conversation.': '客户端随会话保存的数据。',
  'Oldest first.': '最早的在前。',
  'The message, for `before` and `replace_from`.': '消息编号，用于 `before` 和 `replace_from`。',
  'The previous message; absent for the first one.': '上一条消息；第一条没有。',
  'All messages with the same parent, including this one, if there are several.':
    '与它同一上级的所有消息（含自身）；只有一条时缺省。',
  'Its place among its siblings.': '在同级消息中的次序。',
  'The reasoning of the model.': '模型的推理。',
  'What the tool reported.': '工具报告过的内容。',
  'Why the answer is incomplete.': '答案不完整的原因。',
  'Why the answer or the tool failed.': '答案或工具失败的原因。',
  'Unix time in seconds.': 'Unix 时间，单位秒。',
  'Whether there are older ones.': '是否还有更早的。',
  'The answer to `select_branch`; also sent to every connection that watches the conversation.':
    '对 `select_branch` 的答复，也会通知关注该会话的所有连接。',
  'The last message of the branch.': '该分支的最后一条消息。',
  'The answer to `attachment`.': '对 `attachment` 的答复。',
  'The attachment.': '附件。',
  'The answer to `list_conversations`.': '对 `list_conversations` 的答复。',
  'Most recently used first.': '最近使用的在前。',
  'How many messages it has.': '消息条数。',
  'Whether there are more.': '是否还有更多。',
  'The answer to `update_conversation`.': '对 `update_conversation` 的答复。',
  'The answer to `delete_conversation`.': '对 `delete_conversation` 的答复。',
  'Whether there was one.': '此前是否存在。',
  'The server is shutting down: finish reading, then reconnect.': '服务器正在关闭：读完后再重连。',
  'When to reconnect.': '何时重连。',

  // HTTP 响应
  'The process is alive.': '进程存活。',
  'The server accepts connections.': '服务器接受新连接。',
  'The server is shutting down or at its limit of connections.': '服务器正在关闭，或连接数已达上限。',
  'Ask with a WebSocket client.': '请使用 WebSocket 客户端访问。',
  'The counts of this moment.': '此刻的统计数字。',
  'A page for people.': '给人看的页面。',
  'An AsyncAPI document.': '一份 AsyncAPI 文档。',
  'An OpenAPI document.': '一份 OpenAPI 文档。',
  'A page that speaks this protocol.': '使用本协议的页面。',
  'The `Host` header names a host that is not served.': '`Host` 头指向不受服务的主机。',
  'The method is neither GET nor HEAD.': '方法既不是 GET 也不是 HEAD。',
  'The server failed; the cause is in its log.': '服务器内部出错，原因见其日志。',
};
