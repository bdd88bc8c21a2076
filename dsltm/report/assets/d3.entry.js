// What the page takes of D3; see README.md here for how d3.min.js is made of it.
export { pointer, select } from "d3-selection";
export { quadtree } from "d3-quadtree";
export { zoom, zoomIdentity } from "d3-zoom";
