import { Logger as JobLogger, runTaskList, type TaskList, type WorkerPool, WorkerPreset } from "graphile-worker";
import { z } from "zod";
import { createPool } from "./db/client.ts";
import type { Deps } from "./deps.ts";
import { isHeld, type SendOptions, sendMail } from "./mail/send.ts";
import { MailFailure } from "./mail/smtp-failure.ts";
import { databaseUrlOf } from "./settings.ts";
import { describeError } from "./shared/describe-error.ts";
import { JOBS_AT_ONCE, JOBS_POLL_MS, POOL_SIZE } from "./shared/limits.ts";
import type { Logger } from "./shared/log.ts";
import { startLoop } from "./shared/loop.ts";

export interface Jobs {
  /** Takes no more jobs, waits for those under way and closes its connections. */
  stop(): Promise<void>;
}

const LOOK_MS = 1_000;

const mailJob = z.object({ id: z.uuid() });

/** What is done for each kind of job. What a job throws is kept in the database: it says nothing that isn't in our own words. */
export function tasks(deps: Deps, options: SendOptions = {}): TaskList {
  return {
    send_mail: async (payload) => {
      try {
        await sendMail(deps, mailJob.parse(payload).id, options);
      } catch (error) {
        if (error instanceof MailFailure) throw error;
        deps.log.error({ err: error }, "a job failed; it is tried again");
        throw inOurWords(error);
      }
    },
  };
}

function inOurWords(error: unknown): Error {
  const { type, code, message } = describeError(error);
  return new Error([type, code, message].filter(Boolean).join(": ").slice(0, 200));
}

/**
 * Runs the jobs of the queue, on connections of its own past the pooler where there is a way. While mail is held back no job is taken, so
 * that a pause costs nothing however much waits.
 */
export function startJobs(deps: Deps, options: SendOptions = {}): Jobs {
  silenceTraces();
  const { config, log } = deps;
  const pool = createPool({
    url: config.databaseDirectUrl ?? databaseUrlOf(config),
    max: POOL_SIZE.jobs,
    name: "reader-donations jobs",
    onError: () => undefined,
  });
  let runner: WorkerPool | null = null;
  const loop = startLoop({
    name: "jobs",
    idleMs: LOOK_MS,
    log,
    step: async () => {
      if (isHeld(deps)) await pause();
      else runner ??= start();
      return 0;
    },
  });
  return {
    stop: async () => {
      await loop.stop();
      await pause();
      await pool.end();
    },
  };

  function start(): WorkerPool {
    const started = runTaskList(runnerOptions(log, config.databaseDirectUrl !== null), tasks(deps, options), pool);
    // It ends by itself when it can't write down how a job has ended; the next look starts another.
    started.promise.catch((error: unknown) =>
      log.warn({ err: error }, "the runner of jobs has ended; it is started again"),
    );
    void started.promise
      .catch(() => undefined)
      .then(() => {
        if (runner === started) runner = null;
      });
    return started;
  }

  async function pause(): Promise<void> {
    const running = runner;
    runner = null;
    if (running === null) return;
    await Promise.resolve(running.gracefulShutdown()).catch(() => undefined);
  }
}

function runnerOptions(log: Logger, preparedStatements: boolean) {
  return {
    concurrency: JOBS_AT_ONCE,
    pollInterval: JOBS_POLL_MS,
    noHandleSignals: true,
    noPreparedStatements: !preparedStatements,
    logger: jobLogger(log),
    // In batches, since only then a job whose end can't be written down doesn't end the process.
    preset: { extends: [WorkerPreset], worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  };
}

/** The runner prints an error that ends one of its workers, whole and past its logger, which is told of it too: it may quote what must not be in a log. */
function silenceTraces(): void {
  Object.assign(console, { trace: () => undefined });
}

/** Of what the runner tells, its trouble with itself: its sentences quote jobs and errors, and a job that fails has told so. */
function jobLogger(log: Logger): JobLogger {
  return new JobLogger(() => (level, _message, meta) => {
    if (level !== "error" || meta.failure === true) return;
    log.warn({ err: meta.error }, "the runner of jobs had trouble; it goes on");
  });
}
