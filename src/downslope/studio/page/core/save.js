/** Files that the reader takes away. */

/**
 * Save a file through the browser's own download.
 * @param {string} name
 * @param {BlobPart} content
 * @param {string} kind its media type
 */
export function saveFile(name, content, kind) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
