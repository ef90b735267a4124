import { useEffect, useRef, useState } from 'preact/hooks';
import type { AgentClient, AgentClientError, ClientRoom, ClientRun, RoomMessage } from '../../client/index.js';
import { useConnection, useRoom } from '../../client/react.js';
import { showFrames } from '../page.js';
import { Failure } from '../talk/failure.js';
import { announce } from '../ui/announcer.js';
import { Button } from '../ui/button.js';
import { Tag } from '../ui/facts.js';
import { Form, isComposing } from '../ui/field.js';
import { useFollow } from '../ui/follow.js';
import { currentI18n, useI18n } from '../ui/i18n.js';
import { Json } from '../ui/json.js';
import { useValue } from '../ui/signal.js';
import { Time } from '../ui/time.js';
import { RoomTurn } from './room-turn.js';
import type { Side } from './side.js';

interface RoomMemberProps {
  readonly side: Side;
  readonly client: AgentClient;
  readonly roomName: string;
  /** The name that others see, unless the server knows another one. */
  readonly name: string;
}

const TONES = { joined: 'good', joining: 'warn', left: 'bad' } as const;

/** A room as one member sees it. */
export function RoomMember({ side, client, roomName, name }: RoomMemberProps) {
  const { t } = useI18n();
  const shown = useRoom(client, roomName, name === '' ? {} : { name });
  const { room, messages, members, agent, runs, memberId } = shown;
  const connection = useConnection(client);
  const error = shown.error ?? connection.error;
  const isDropped = useValue(side.isDropped);
  const note = useReturn(room);
  const { scroller, content, onScroll } = useFollow();
  const [read, setRead] = useState<ReadonlyMap<string, ClientRun>>(new Map());
  useEffect(() => room.on('message', (message) => tell(message, room)), [room]);
  const state = isDropped && shown.state === 'joined' ? 'joining' : shown.state;
  const me = members.find((member) => member.memberId === memberId)?.name ?? name;
  const runOf = (runId: string): ClientRun | undefined =>
    runs.find(({ run }) => run.id === runId)?.run ?? read.get(runId);
  const leave = (): void => {
    side.leave();
    requestAnimationFrame(() => document.getElementById(`room-${side.name}-person`)?.focus());
  };
  // A question that the server refused is no message.
  const unsaid = runs.filter(({ run }) => !messages.some((message) => message.run?.runId === run.id));
  return (
    <section class="member card" aria-label={`${side.name} · ${me}`} data-side={side.name} data-state={state}>
      <header class="side-head line">
        <Tag tone={TONES[state]}>{side.name}</Tag>
        <h3 class="grow ellipsis">{me}</h3>
        <Button icon="search" label={t('answer.showInLog')} onClick={() => showFrames(`"room":"${roomName}"`)} />
        <Button icon="cut" label={t('room.drop')} disabled={state !== 'joined'} onClick={() => side.drop()} />
        <Button kind="icon" icon="close" label={t('room.leave')} onClick={leave} />
      </header>
      <ul class="members line wrap plain" aria-label={t('room.members')}>
        {members.map((member) => (
          <li key={member.memberId} class="tag" data-tone={member.state === 'idle' ? 'plain' : 'good'}>
            {member.memberId === memberId ? t('room.you', { name: member.name }) : member.name}
            {member.state !== 'idle' && ` · ${t(`room.state.${member.state}`)}`}
          </li>
        ))}
        {agent !== 'idle' && (
          <li class="tag" data-tone={agent === 'waiting' ? 'warn' : 'out'}>
            {t('room.agent')} · {t(`room.state.${agent}`)}
          </li>
        )}
      </ul>
      <div
        class="room-log grow"
        role="log"
        aria-live="off"
        aria-label={t('room.messages', { name: me })}
        tabIndex={0}
        ref={scroller}
        onScroll={onScroll}
      >
        <div class="stack" ref={content}>
          {messages.length === 0 && state === 'joined' && <p class="small muted">{t('room.empty')}</p>}
          {messages.map((message) => {
            if (message.run === undefined) return <Said key={message.seq} message={message} />;
            const { runId, kind } = message.run;
            return (
              <RoomTurn
                key={message.seq}
                client={client}
                message={message}
                run={runOf(runId)}
                kind={kind}
                onRead={() => setRead(new Map(read).set(runId, room.resume(runId)))}
              />
            );
          })}
          {unsaid.map(({ run, query }) => (
            <RoomTurn key={run.id} client={client} message={{ content: query }} run={run} kind="streaming_query" />
          ))}
          {error !== undefined && <Failure error={error} />}
        </div>
      </div>
      <p class="side-note line tiny" role="status">
        <span class="grow toned" data-tone={state === 'joined' ? 'good' : 'warn'}>
          {state === 'joined' ? note : t(isDropped ? 'state.cut' : 'room.joining')}
        </span>
        <span class="mono muted">{`epoch ${room.epoch?.slice(0, 6) ?? '–'} · seq ${room.seq}`}</span>
      </p>
      <Composer room={room} name={me} typing={shown.typing} send={shown.send} />
    </section>
  );
}

/** What a member says, and what it asks the agent. */
function Composer({ room, name, typing, send }: ComposerProps) {
  const { t } = useI18n();
  const [text, setText] = useState('');
  const [refused, setRefused] = useState<AgentClientError>();
  const area = useRef<HTMLTextAreaElement>(null);
  // Who joined by keyboard writes on.
  useEffect(() => area.current?.focus(), []);
  const use = (way: (text: string) => void): void => {
    if (text.trim() === '') return;
    setRefused(undefined);
    way(text.trim());
    setText('');
    typing(false);
  };
  const say = (): void => use((said) => void room.publish(said).catch(setRefused));
  const ask = (): void => use((question) => void send(question));
  return (
    <Form class="room-composer" onSend={say}>
      {refused !== undefined && <Failure error={refused} />}
      <textarea
        ref={area}
        rows={1}
        spellcheck={false}
        aria-label={t('room.write', { name })}
        placeholder={t('room.placeholder')}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          typing(currentTarget.value !== '');
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
          event.preventDefault();
          if (event.ctrlKey || event.metaKey) ask();
          else say();
        }}
      />
      <div class="line">
        <span class="grow" />
        <Button kind="button" icon="thought" label={t('room.ask')} onClick={ask} />
        <Button kind="primary" icon="send" type="submit" label={t('room.say')} />
      </div>
    </Form>
  );
}

interface ComposerProps {
  readonly room: ClientRoom;
  readonly name: string;
  readonly typing: (isTyping?: boolean) => void;
  readonly send: ClientRoom['stream'];
}

function Said({ message: { seq, from, content, data, createdAt } }: { readonly message: RoomMessage }) {
  const { t } = useI18n();
  return (
    <div class="said" data-seq={seq}>
      <p class="line tiny muted">
        <b class="soft">{from?.name ?? t('server.title')}</b>
        <code>#{seq}</code>
        <Time at={createdAt} />
      </p>
      {content !== undefined && <p>{content}</p>}
      {data !== undefined && <Json value={data} />}
    </div>
  );
}

/** Tells screen readers what others say. */
function tell({ from, content, run }: RoomMessage, room: ClientRoom): void {
  if (content === undefined || from?.memberId === room.memberId) return;
  const { t } = currentI18n();
  const name = from?.name ?? t('server.title');
  announce(t(run === undefined ? 'room.said' : 'room.asked', { name, text: content }));
}

/** How the member came back after a loss; nothing before one. */
function useReturn(room: ClientRoom): string {
  const { t } = useI18n();
  const [after, setAfter] = useState<number | 'lost'>();
  useEffect(() => {
    let from: number | undefined;
    const offs = [
      room.on('state', (state) => {
        if (state === 'joining' && room.epoch !== undefined) from = room.seq;
        if (state === 'joined' && from !== undefined) setAfter(from);
      }),
      room.on('lost', () => setAfter('lost')),
    ];
    return () => {
      for (const off of offs) off();
    };
  }, [room]);
  if (after === undefined) return '';
  return after === 'lost' ? t('room.lost') : t('room.rejoined', { after });
}
