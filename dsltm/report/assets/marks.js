"use strict";
// Marks of documents, set into the pixels of the map's canvas. Each shape is drawn once at a size and then mixed
// in pixel by pixel: as fast without a graphics card as with one, which 20,000 calls of the canvas are not.
T.marks = (() => {
  const masks = new Map();
  let image = null, pixels = null, whole = null;

  /** How much of each pixel a shape of some radius covers, from 0 to 256: {side, cover}. */
  function mask(shape, radius) {
    const key = `${shape}/${radius}`;
    if (!masks.has(key)) {
      const canvas = T.el("canvas"), side = Math.ceil(radius * 2.6) + 2;
      canvas.width = canvas.height = side;
      const pen = canvas.getContext("2d");
      pen.translate(side / 2, side / 2);
      pen.scale(radius, radius);
      pen.fill(new Path2D(T.PATHS[shape]), "evenodd");
      const drawn = pen.getImageData(0, 0, side, side).data;
      masks.set(key, { side, cover: Uint16Array.from({ length: side * side }, (_, i) => drawn[4 * i + 3] + (drawn[4 * i + 3] >> 7)) });
    }
    return masks.get(key);
  }

  const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)); // of #rrggbb

  /** Begin a picture of w by h pixels in one colour. */
  function begin(w, h, paper) {
    if (!image || image.width !== w || image.height !== h) {
      image = new ImageData(w, h);
      pixels = image.data;
      whole = new Uint32Array(pixels.buffer);
    }
    pixels.set([...rgb(paper), 255], 0);
    whole.fill(whole[0]);
  }

  /** Mix a mark in about a pixel; `strength` from 0 to 1. */
  function stamp({ side, cover }, [red, green, blue], strength, x, y) {
    const { width, height } = image, left = Math.round(x - side / 2), top = Math.round(y - side / 2);
    const force = Math.round(strength * 256);
    for (let row = Math.max(0, -top); row < Math.min(side, height - top); row++) {
      for (let column = Math.max(0, -left); column < Math.min(side, width - left); column++) {
        const part = (cover[row * side + column] * force) >> 8;
        if (!part) continue;
        const at = 4 * ((top + row) * width + left + column);
        pixels[at] += ((red - pixels[at]) * part) >> 8;
        pixels[at + 1] += ((green - pixels[at + 1]) * part) >> 8;
        pixels[at + 2] += ((blue - pixels[at + 2]) * part) >> 8;
      }
    }
  }

  /** Put the picture on the canvas. */
  const end = (pen) => pen.putImageData(image, 0, 0);

  return { mask, rgb, begin, stamp, end, forget: () => masks.clear() };
})();
