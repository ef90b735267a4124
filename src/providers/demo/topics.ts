import type { Topic } from './phrases.js';

/**
 * Patterns of questions; the first match counts. Greetings come last, since they may precede another question. What may
 * stand between two words has a bound, or every word would search the whole question.
 */
const TOPICS: readonly (readonly [Topic | 'earlier', RegExp])[] = [
  [
    'earlier',
    /\bwhat did i (?:just )?(?:say|ask)|\bmy (?:last|previous) (?:question|message)\b|我(?:刚才|刚刚|之前|上次|上一句).{0,60}(?:问|说)/i,
  ],
  [
    'realModel',
    /\bapi[ _-]?keys?\b|\bopenai|\b(?:real|other|different) (?:model|provider|llm)\b|密钥|真实(?:的)?模型|真正的模型|(?:换|切换).{0,60}模型/i,
  ],
  ['story', /\bstory\b|\b(?:long|longer) (?:text|answer|reply)\b|故事|长文|长一点/i],
  ['cancel', /\bcancel|\b(?:stop|interrupt|abort)\b|取消|停止|中断|打断/i],
  ['embed', /\bembed|\bintegrat|\bexpress\b|\bkoa\b|\bfastify\b|\bmy (?:own )?(?:server|app)\b|嵌入|集成|接入/i],
  ['connect', /\bconnect|\bclients?\b|\bendpoint\b|\bwebsockets?\b|连接|客户端|端点/i],
  ['markdown', /\bmarkdown\b|\bcode\b|\bformat|\bbullet|\blist\b|\btable\b|代码|格式|列表|表格/i],
  ['tools', /\btools?\b|\bcalculator\b|工具|计算器/i],
  [
    'capabilities',
    /\bhelp\b|\bwhat can you\b|\bwho are you\b|\bwhat are you\b|\bwhat is this\b|\babilit|帮助|帮我|你(?:能|会|可以)|你是谁|你是什么|功能|介绍/i,
  ],
  ['thanks', /\bthank|\bthanks\b|\bbye\b|谢谢|多谢|感谢|再见/i],
  ['greeting', /\b(?:hi|hello|hey|good (?:morning|afternoon|evening))\b|你好|您好|嗨|哈喽|早上好|下午好|晚上好/i],
];

const TIME =
  /\bwhat(?:'s| is)? (?:the )?(?:current |local )?(?:time|date|day)\b|\b(?:time|date) is it\b|\bcurrent (?:time|date)\b|\btime now\b|几点|现在.{0,60}时间|当前时间|什么时间|几号|星期几|今天.{0,60}日期/i;

/** Places in questions for the time, with their names in the IANA time zone database. */
const ZONES: readonly (readonly [RegExp, string])[] = [
  [/\butc\b|\bgmt\b|世界时/i, 'UTC'],
  [/\bbeijing\b|\bshanghai\b|\bchina\b|北京|上海|中国/i, 'Asia/Shanghai'],
  [/\btokyo\b|\bjapan\b|东京|日本/i, 'Asia/Tokyo'],
  [/\bsingapore\b|新加坡/i, 'Asia/Singapore'],
  [/\bsydney\b|悉尼/i, 'Australia/Sydney'],
  [/\blondon\b|伦敦/i, 'Europe/London'],
  [/\bparis\b|巴黎/i, 'Europe/Paris'],
  [/\bberlin\b|柏林/i, 'Europe/Berlin'],
  [/\bnew york\b|纽约/i, 'America/New_York'],
  [/\bsan francisco\b|\blos angeles\b|旧金山|洛杉矶/i, 'America/Los_Angeles'],
];

/** The topic of a question; `undefined` if no pattern matches. */
export function topicOf(question: string): Topic | 'earlier' | undefined {
  return TOPICS.find(([, pattern]) => pattern.test(question))?.[0];
}

/** Whether a question asks for the time or the date. */
export function asksForTime(question: string): boolean {
  return TIME.test(question);
}

/** The time zone of the place that a question names. */
export function zoneIn(question: string): string | undefined {
  return ZONES.find(([pattern]) => pattern.test(question))?.[1];
}
