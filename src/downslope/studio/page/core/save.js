/** Files that the reader takes away. */

/** Save what stands at an address. @param {string} address @param {string} name of the file */
export function saveAt(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/**
 * Save a file through the browser's own download.
 * @param {string} name
 * @param {BlobPart} content
 * @param {string} kind its media type
 */
export function saveFile(name, content, kind) {
  const address = URL.createObjectURL(new Blob([content], { type: kind }));
  saveAt(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
