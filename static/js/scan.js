// The camera as a scanner, where the browser can read barcodes itself; elsewhere the button stays hidden and a scanner
// that types, or fingers, do the same.

const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "code_39", "qr_code"];
const LOOK_EVERY_MS = 150;

const dialog = document.getElementById("scanner");
const video = dialog?.querySelector("video");
let stream;

const canScan = "BarcodeDetector" in window && Boolean(navigator.mediaDevices?.getUserMedia);

const show = () => {
  for (const button of document.querySelectorAll("[data-scan]")) button.hidden = !canScan;
};

const stop = () => {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = undefined;
  if (dialog.open) dialog.close();
};

const take = (code) => {
  stop();
  navigator.vibrate?.(60);
  const form = document.querySelector("[data-scan-form]");
  form.elements.code.value = code;
  form.requestSubmit();
};

const look = async (detector) => {
  if (!stream) return;
  const [found] = await detector.detect(video).catch(() => []);
  if (!stream) return;
  if (found) take(found.rawValue);
  else setTimeout(look, LOOK_EVERY_MS, detector);
};

const start = async () => {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    return; // the person said no, or another program has the camera
  }
  video.srcObject = stream;
  dialog.showModal();
  await video.play();
  look(new BarcodeDetector({ formats: FORMATS }));
};

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-scan]")) start();
  if (event.target.closest("[data-scan-stop]")) stop();
});
dialog?.addEventListener("close", stop);
document.addEventListener("htmx:afterSettle", show);
show();
