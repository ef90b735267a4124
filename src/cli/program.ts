import { Command, CommanderError, Option } from 'commander';
import { DEFAULT_PATH } from '../protocol/version.js';
import { VERSION } from '../version.js';
import { GROUPS, type Setting } from './setting.js';
import { SETTINGS, type SettingName } from './settings-table.js';
import type { StoreAction, StoreFlags } from './store-command.js';
import { settingsOf, type SettingsCommand } from './worker-settings.js';

/** The arguments of `chat`. */
export interface ChatFlags {
  readonly url: string;
  readonly conversation?: string;
  /** The room to talk in, in place of a conversation. */
  readonly room?: string;
  /** The name that others see in the room. */
  readonly name?: string;
  /** Thumbprints of the keys that the server may have, with commas between them. */
  readonly serverKey?: string;
}

/** The functions of the commands. */
export interface Commands {
  readonly serve: (flags: Flags) => Promise<void>;
  readonly worker: (flags: Flags) => Promise<void>;
  readonly chat: (flags: ChatFlags) => Promise<void>;
  readonly store: (action: StoreAction, flags: StoreFlags) => Promise<void>;
}

/** The endpoint of `agent-ws serve` on this machine. */
const LOCAL_URL = `ws://127.0.0.1:${SETTINGS.port.default}${DEFAULT_PATH}`;

/** The arguments of `serve`. */
export type Flags = Partial<Record<SettingName, string | boolean>>;

/** The settings of a command, group by group. */
function rowsOf(command: SettingsCommand): [SettingName, Setting<unknown>][] {
  return settingsOf(command).sort(([, a], [, b]) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
}

/** The settings that are variables only, with what they are for. */
function secretsOf(command: SettingsCommand): string {
  return rowsOf(command)
    .filter(([, { flag }]) => flag === undefined)
    .map(([, { env, help }]) => `  ${env.padEnd(24)}${asFlags(help)}`)
    .join('\n');
}

const SERVE_NOTES = `
Each setting is read from its flag, else from its variable in the environment, else from .env
in the working directory. Sizes may be written with KiB, MiB or GiB.

Only as variables, so that no list of processes shows them:
${secretsOf('serve')}

Examples:
  agent-ws serve                                   the offline demo, or OpenAI if OPENAI_API_KEY is set
  agent-ws serve --host 127.0.0.1 --port 9000      this machine only, on another port
  OPENAI_API_KEY=ollama agent-ws serve --base-url http://127.0.0.1:11434/v1 --model llama3.2
  agent-ws serve --tls-cert cert.pem --tls-key key.pem --allowed-origins https://app.example
  agent-ws serve --auth-tokens-file tokens.json    only clients with one of these tokens
  agent-ws serve --rate-limits queries.perAddress=20/1,toolCalls=off     20 questions at once, then 1 a second
  agent-ws serve --store sqlite:agent.db --store-key-file store.keys     runs and conversations survive, encrypted
  agent-ws serve --log-format json --log-file      for machines, and into logs/agent-engine.log
  agent-ws serve --tools ./tools.mjs --provider ./provider.mjs     your own tools, your own model

Such a module, ESM or CommonJS, exports "tools" or "provider" by that name or as default: the value, or a function that
makes it and is called with the variables of the environment and of .env.

What npx starts ends with npx, after running answers had 5 s to finish. For a service manager or a container:
  node node_modules/agent-ws/bin/agent-ws.js serve
`;

const WORKER_NOTES = `
Provider, tools and what is stored are set as for agent-ws serve, and must be the same for all workers. A run waits in
line if it was asked for at a service that was started with --run queue. Kill a worker, and the runs that it executed end
as interrupted; stop it with SIGTERM, and it finishes them first.

Only as variables, so that no list of processes shows them:
${secretsOf('worker')}

Examples:
  agent-ws serve --redis redis://localhost:6379 --run queue
  agent-ws worker --redis redis://localhost:6379 --concurrency 64
  agent-ws worker --redis redis://localhost:6379 --max-starts 500     for a provider that bounds requests
  agent-ws worker --redis redis://localhost:6379 --health 0.0.0.0:8004     in a container, for its probes
`;

const CHAT_NOTES = `
In the chat: /attach FILE, /history, /new, /help and /quit. Ctrl-C stops the answer, twice leaves.
If standard input is no terminal, each of its lines is a question. Answers go to standard output, and everything else
goes to standard error. The exit code is 1 if nothing was asked, or if a question got no answer: its answer failed, was
stopped, was filtered, is empty or cannot be written. An answer that was cut off counts, with a note. If nobody reads the
answers any more, as after "| head", nothing more is asked.

At a terminal, pasted lines are one question, which Enter sends.

In a room everybody reads what a line says; /ask QUESTION asks the agent, whose answer all see while it is written, and
/who lists who is there. If standard input is no terminal, what others say also goes to standard output.

A token for the server is read from the variable AGENT_WS_TOKEN and offered as a subprotocol, which --server-key does
not encrypt.

Examples:
  agent-ws chat                                        talk to the service on this machine
  agent-ws chat wss://example.com/ws/agent             talk to another one
  echo "What is 123 + 456?" | agent-ws chat            ask one question
  agent-ws chat --room team --name Ada                 talk with others, and ask the agent together
`;

const NOTES = `
Examples:
  agent-ws serve            start on port 8003; open http://localhost:8003/static/test_websocket.html
  agent-ws serve --help     every setting, with its variable and default
  agent-ws chat             talk to it in this terminal
`;

/** Creates the command line. */
export function createProgram({ serve, worker, chat, store }: Commands): Command {
  const program = new Command('agent-ws')
    .description('Real-time WebSocket service for talk between people and LLM agents.')
    .version(VERSION, '-V, --version', 'Show the version.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand('help [command]', 'Show the help of a command.')
    .configureOutput({ outputError: (message, write) => write(oneLine(message)) })
    .exitOverride()
    .addHelpText('after', NOTES);
  addVersion(program);
  addWithSettings(program, 'serve', serve)
    .description('Start the service: WebSocket endpoint, test page, documents and statistics.')
    .addHelpText('after', SERVE_NOTES);
  addWithSettings(program, 'worker', worker)
    .description('Execute the runs of services that leave them to workers.')
    .addHelpText('after', WORKER_NOTES);
  addChat(program, chat);
  addStore(program, store);
  return program;
}

/** Adds a command whose flags are settings. */
function addWithSettings(program: Command, name: SettingsCommand, run: (flags: Flags) => Promise<void>): Command {
  const command = program
    .command(name)
    .helpOption('-h, --help', 'Show this help.')
    .allowExcessArguments(false)
    .configureHelp({ optionDescription: ({ description }) => description });
  for (const [setting, row] of rowsOf(name)) addOptions(command, setting, row);
  return command.action(() => run(command.opts<Flags>()));
}

/** Adds other common ways to ask for the version. */
function addVersion(program: Command): void {
  const show = (): never => {
    program.configureOutput().writeOut?.(`${VERSION}\n`);
    throw new CommanderError(0, 'commander.version', VERSION);
  };
  program.addOption(new Option('-v').hideHelp()).on('option:v', show);
  program.command('version', { hidden: true }).action(show);
}

function addChat(program: Command, chat: Commands['chat']): void {
  program
    .command('chat')
    .description('Talk to a service in the terminal.')
    .argument('[url]', `The WebSocket endpoint. If only a host is given, the path is ${DEFAULT_PATH}.`, LOCAL_URL)
    .addOption(new Option('--conversation <id>', 'Go on with this conversation.').conflicts('room'))
    .option('--room <name>', 'Talk in this room, with everybody who is there.')
    .option('--name <name>', 'The name that others see in the room, unless the server knows yours.')
    .option(
      '--server-key <thumbprint>',
      'Encrypt the messages for a server with this key, which it names when it starts.',
    )
    .helpOption('-h, --help', 'Show this help.')
    .allowExcessArguments(false)
    .addHelpText('after', CHAT_NOTES)
    .action((url: string, options: Omit<ChatFlags, 'url'>) => chat({ ...options, url }));
}

const STORE_ACTIONS: Readonly<Record<StoreAction, string>> = {
  check: 'Check a database, and count what it holds.',
  compact: 'Write a database anew without free space, so that it shrinks by itself from then on.',
  export: 'Write everything in a database to standard output, one JSON object a line.',
};

const STORE_NOTES = `
The service must not run: a database belongs to one process. A backup can be checked and exported at any time; the running
service makes one at each SIGUSR2 if it was started with --store-backup. Only export needs the keys of an encrypted
database.

Examples:
  agent-ws store check agent.db
  agent-ws store export agent.db --store-key-file store.keys > agent.jsonl
`;

function addStore(program: Command, store: Commands['store']): void {
  const parent = program
    .command('store')
    .description('Check, compact or export the database of a service that does not run.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand(false)
    .addHelpText('after', STORE_NOTES);
  for (const [action, description] of Object.entries(STORE_ACTIONS) as [StoreAction, string][]) {
    const command = parent
      .command(action)
      .description(description)
      .argument('<path>', 'The file of the database, or sqlite: and the file.')
      .helpOption('-h, --help', 'Show this help.')
      .allowExcessArguments(false);
    if (action === 'export') {
      const { flag = '', env, help } = SETTINGS.storeKeyFile;
      command.option(`${flag} <file>`, `${help} (${env})`);
    }
    command.action((place: string, flags: Omit<StoreFlags, 'place'>) => store(action, { ...flags, place }));
  }
}

function addOptions(command: Command, name: SettingName, setting: Setting<unknown>): void {
  const { flag, group, env, help, bare, type } = setting;
  if (flag === undefined) return;
  const description = asFlags(`${help} (${[env, ...defaultOf(setting)].join(', ')})`);
  const option = new Rowed(withPlaceholder(flag, type.placeholder, bare), description, name).helpGroup(`${group}:`);
  if (bare !== undefined) option.preset(bare);
  command.addOption(option);
  if (type.placeholder === undefined) {
    command.addOption(
      new Rowed(flag.replace('--', '--no-'), '', name).default(undefined).helpGroup(`${group}:`).hideHelp(),
    );
  }
}

/** An option whose value is stored under the name of its setting. */
class Rowed extends Option {
  readonly #setting: SettingName;

  constructor(flags: string, description: string, setting: SettingName) {
    super(flags, description);
    this.#setting = setting;
  }

  override attributeName(): string {
    return this.#setting;
  }
}

function withPlaceholder(flag: string, placeholder: string | undefined, bare: string | undefined): string {
  if (placeholder === undefined) return flag;
  return bare === undefined ? `${flag} <${placeholder}>` : `${flag} [${placeholder}]`;
}

/** Replaces names of options, in backticks, by flags: the reader of the help knows no others. */
function asFlags(text: string): string {
  return text.replace(
    /`([^`]*)`/g,
    (_, name: string) => (name in SETTINGS && SETTINGS[name as SettingName].flag) || name,
  );
}

/** The default in the help; absent if the default is off or none. */
function defaultOf({ default: value, shownDefault, type }: Setting<unknown>): string[] {
  const shown = shownDefault ?? (value === undefined || value === false ? '' : type.show(value));
  return shown === '' ? [] : [`default ${shown}`];
}

/** Commander puts its suggestion on a separate line. */
function oneLine(message: string): string {
  return `${message.trim().replace(/\s*\n\s*/g, ' ')}\n`;
}
