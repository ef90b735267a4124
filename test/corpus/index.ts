import { azure } from './azure.js';
import { deepSeek, miniMax, moonshot, qwen, zhipu } from './china.js';
import { liteLlm, openRouter } from './gateways.js';
import { anyServer, gemini, groq, mistral } from './hosted.js';
import { llamaCpp, lmStudio, ollamaNew, ollamaOld } from './local.js';
import { openai } from './openai.js';
import { vllmNew, vllmOld } from './vllm.js';

export type { CorpusStream } from './stream.js';

/** What servers that speak Chat Completions send. */
export const corpus = [
  ...openai,
  ...azure,
  ...vllmOld,
  ...vllmNew,
  ...ollamaOld,
  ...ollamaNew,
  ...llamaCpp,
  ...lmStudio,
  ...liteLlm,
  ...openRouter,
  ...deepSeek,
  ...qwen,
  ...moonshot,
  ...zhipu,
  ...mistral,
  ...gemini,
  ...groq,
  ...miniMax,
  ...anyServer,
];
