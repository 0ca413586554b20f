import type { Request, Response } from "express";
import { recordExport } from "../audit/audit-export.routes.ts";
import type { Deps } from "../deps.ts";
import type { Sink } from "./exports.ts";

/** A reader that takes nothing for this long is cut off: an export may hold a connection to the database. */
const STALLED_MS = 60_000;
const BYTE_ORDER_MARK = "\uFEFF";

interface SentFile {
  readonly name: string;
  /** A CSV unless it says otherwise. */
  readonly type?: "text/csv" | "application/zip";
  /** Excel knows UTF-8 by this mark. */
  readonly bom?: boolean;
  readonly charset?: "utf-8" | "windows-1252";
  readonly write: (sink: Sink) => Promise<void>;
}

/**
 * Sends a file as fast as the reader takes it, once it is written down that it leaves. What fails before the first byte is thrown and becomes an answer like any other; after
 * that the connection is cut, so that half a file is never taken for a whole one. When the reader goes away the work stops.
 */
export async function sendFile(
  deps: Pick<Deps, "log">,
  request: Request,
  response: Response,
  { name, type = "text/csv", bom = false, charset = "utf-8", write }: SentFile,
): Promise<void> {
  response
    .set("Content-Disposition", `attachment; filename="${name}"`)
    .type(type === "text/csv" ? `${type}; charset=${charset}` : type);
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  try {
    let mark = bom ? BYTE_ORDER_MARK : "";
    let begun = false;
    const begin = async () => {
      if (!begun) await recordExport(response);
      begun = true;
    };
    await write(async (piece) => {
      await begin();
      await put(response, typeof piece === "string" ? mark + piece : piece);
      mark = "";
    });
    await begin();
    response.end();
  } catch (error) {
    if (error instanceof ReaderGone) return;
    if (!response.headersSent) {
      response.removeHeader("Content-Disposition");
      throw error;
    }
    deps.log.error({ request_id: response.locals.request_id, err: error }, "an export broke off");
    response.destroy();
  }
}

class ReaderGone extends Error {}

/** Resolves once there is room for more. */
async function put(response: Response, piece: string | Uint8Array): Promise<void> {
  if (response.destroyed) throw new ReaderGone();
  if (response.write(piece)) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => response.destroy(), STALLED_MS);
    const onDrain = () => settle(resolve);
    const onClose = () => settle(() => reject(new ReaderGone()));
    const settle = (done: () => void) => {
      clearTimeout(timer);
      response.off("drain", onDrain).off("close", onClose);
      done();
    };
    response.on("drain", onDrain).on("close", onClose);
  });
}
