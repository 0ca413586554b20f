import express, { type Router } from "express";
import { assets } from "./assets.ts";

const HASHED = /^([a-z]+)\.([0-9a-f]{12})(\.[a-z]+)$/;

/** `/assets/…`: kept by browsers for a year, as the address changes with the content. */
export function assetRoutes(): Router {
  const router = express.Router();
  router.get("/assets/:file", (request, response, next) => {
    const [, name, hash, extension] = HASHED.exec(request.params.file) ?? [];
    const asset = assets.get(`${name}${extension}`);
    if (asset === undefined) {
      next();
      return;
    }
    // While a release rolls out, a page of the other version may ask here: it gets what there is, for this once.
    const lasting = asset.hash === hash;
    response
      .set("Cache-Control", lasting ? "public, max-age=31536000, immutable" : "no-cache")
      .type(asset.type)
      .send(asset.content);
  });
  return router;
}
