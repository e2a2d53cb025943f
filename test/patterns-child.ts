// Runs patterns over their worst texts in a separate process, because a hanging one cannot be asked to stop. Reads a
// file of patterns and prints which of them it is working on. patterns.test.ts starts it.
import { readFileSync, writeSync } from 'node:fs';
import { errorText } from '../core/fault.js';
import { makeAttacks, makeText, type Attack } from './attacks.js';
import type { ProductPattern } from './patterns.js';

export interface Task extends ProductPattern {
  /** Longest text that this pattern gets. */
  readonly maxUnits: number;
}

/** Size at which every attack runs once, to find those that are worth a mebibyte; quadratic ones stand out clearly. */
const TRIAL_UNITS = 2048;
const WORST = 2;

const [file = '', from = '0'] = process.argv.slice(2);
const tasks: readonly Task[] = JSON.parse(readFileSync(file, 'utf8'));

for (let index = Number(from); index < tasks.length; index++) {
  const task = tasks[index];
  if (task !== undefined) runTask(task, index);
}

function runTask(task: Task, index: number): void {
  const timed = makeAttacks(task.source, task.flags).map((attack, number) => {
    const before = process.cpuUsage().user;
    runAttack(task, attack, Math.min(TRIAL_UNITS, task.maxUnits), [index, number]);
    return { attack, number, work: process.cpuUsage().user - before };
  });
  timed.sort((left, right) => right.work - left.work);
  for (const { attack, number } of timed.slice(0, WORST)) runAttack(task, attack, task.maxUnits, [index, number]);
}

/** Runs an attack and prints it before it begins, so that the last line names what hangs. */
function runAttack(task: Task, attack: Attack, units: number, place: readonly number[]): void {
  writeSync(1, `${place.join(' ')} ${units}\n`);
  try {
    runPattern(new RegExp(task.source, task.flags), task.method, makeText(attack, units));
  } catch (error) {
    writeSync(1, `${place.join(' ')} ${units} ${errorText(error)}\n`);
  }
}

function runPattern(regex: RegExp, method: ProductPattern['method'], text: string): void {
  if (method === 'replace') text.replace(regex, '');
  else if (method === 'split') text.split(regex);
  else if (!regex.global && !regex.sticky) regex.test(text);
  else findAll(regex, text);
}

/** Searches from each match to the next. */
function findAll(regex: RegExp, text: string): void {
  for (let from = 0; regex.test(text); from = regex.lastIndex) if (regex.lastIndex === from) regex.lastIndex++;
}
