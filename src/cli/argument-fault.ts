import { SetupError } from "../shared/errors.ts";

/** What `parseArgs` found wrong, in our words: Node's own advise on its syntax. */
export function argumentFault(error: unknown, usage: readonly string[]): SetupError {
  const { code, message } = error as NodeJS.ErrnoException;
  const [, named = ""] = /'(?:-\w, )?([^' ]+)/.exec(message) ?? [];
  switch (code) {
    case "ERR_PARSE_ARGS_UNKNOWN_OPTION":
      return new SetupError([`${named}: there is no such flag here.`, ...usage]);
    case "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL":
      return new SetupError([`${named}: is not expected here.`, ...usage]);
    case "ERR_PARSE_ARGS_INVALID_OPTION_VALUE":
      return new SetupError([
        `${named}: ${message.includes("does not take") ? "takes no value" : "expected a value behind it"}.`,
        ...usage,
      ]);
    default:
      return new SetupError([message, ...usage]);
  }
}
