import type { IncomingMessage } from "node:http";
import { AppError } from "../shared/errors.ts";

/** The bytes of a request as they came. @throws AppError `too_large` above `limit` bytes, `invalid` when it is compressed or breaks off */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const encoding = request.headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") return reject(unreadable());
    if (Number(request.headers["content-length"] ?? 0) > limit) return reject(tooLarge());
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge());
      }
    });
    request.once("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)));
    request.once("error", () => reject(unreadable()));
    request.once("close", () => reject(unreadable()));
  });
}

function tooLarge(): AppError {
  return new AppError("too_large", "payload_too_large", "The body is larger than this address takes. Send less.");
}

function unreadable(): AppError {
  const detail = "The request can't be read: check its address, encoding, length and headers.";
  return new AppError("invalid", "invalid_request", detail);
}
