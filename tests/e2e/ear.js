// Listens to what leaves the page, on the audio clock, by a tap of its own at the loudspeaker: it shares nothing with
// the page's own meter. Added before any script of the page. Also notes gestures, frames and websockets.
(() => {
  const BLOCK = 240;
  const LOUD = 0.003;
  const ear = (window.ear = { context: null, analyser: null, blocks: [], gestures: [], ticks: [], mouths: [], last: 0, part: [], partAt: 0 });
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode && !ear.analyser) {
      ear.context = this.context;
      ear.analyser = this.context.createAnalyser();
      ear.analyser.fftSize = 16384;
      ear.samples = new Float32Array(ear.analyser.fftSize);
      connect.call(this, ear.analyser);
    }
    return connect.call(this, to, ...rest);
  };

  /** Takes in every sample since the last look: [audio time s of the block's middle, its RMS]. */
  ear.listen = () => {
    if (!ear.analyser) return;
    const { context, samples, analyser } = ear;
    const frame = Math.round(context.currentTime * context.sampleRate);
    analyser.getFloatTimeDomainData(samples);
    const fresh = Math.min(samples.length, frame - ear.last);
    if (fresh <= 0) return;
    if (frame - ear.last > samples.length || ear.part.length === 0) {
      ear.part = [];
      ear.partAt = frame - fresh;
    }
    ear.last = frame;
    for (let i = samples.length - fresh; i < samples.length; i++) {
      ear.part.push(samples[i]);
      if (ear.part.length < BLOCK) continue;
      let sum = 0;
      for (const sample of ear.part) sum += sample * sample;
      ear.blocks.push([(ear.partAt + BLOCK / 2) / context.sampleRate, Math.sqrt(sum / BLOCK)]);
      ear.partAt += BLOCK;
      ear.part = [];
    }
  };
  setInterval(ear.listen, 20);

  /** Every websocket of the page: a test can cut the line. */
  ear.sockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(...address) {
      super(...address);
      ear.sockets.push(this);
    }
  };

  /** What was heard since the last call, and forgets it. */
  ear.take = () => {
    ear.listen();
    return ear.blocks.splice(0);
  };
  ear.peak = () => ear.blocks.slice(-40).reduce((most, [, rms]) => Math.max(most, rms), 0);

  // The audio clock at each gesture: the instant the browser got it, not the one the page came to handle it.
  for (const kind of ["keydown", "click"]) {
    addEventListener(kind, (event) => {
      const { context } = ear;
      if (!context) return;
      const late = (performance.now() - event.timeStamp) / 1000;
      ear.gestures.push({ kind, at: context.currentTime - late, latency: context.outputLatency, wall: event.timeStamp });
    }, true);
  }

  /** Audio seconds between the last gesture and the end of the last loud block; 0 when nothing loud came after it. */
  ear.silenceAfter = () => {
    ear.listen();
    const gesture = ear.gestures.at(-1);
    const loud = ear.blocks.findLast(([at, rms]) => at > gesture.at && rms > LOUD);
    return loud ? loud[0] + BLOCK / 2 / ear.context.sampleRate - gesture.at : 0;
  };

  /** The moment of the audio clock that leaves the loudspeaker now: the browser's word, not the page's sum. */
  ear.outside = () => {
    const { contextTime, performanceTime } = ear.context.getOutputTimestamp();
    return contextTime + (performance.now() - performanceTime) / 1000;
  };

  let spoke = false;
  const tick = (now) => {
    requestAnimationFrame(tick);
    const speaking = !!window.greenroom?.speech.speaking;
    if (speaking) ear.ticks.push(spoke ? now : -now);
    spoke = speaking;
    // after every callback of this frame has painted
    if (speaking && ear.context) {
      setTimeout(() => {
        const painted = window.greenroom.mouths().at(-1);
        if (painted) ear.mouths.push([ear.outside(), painted.mouth]);
      });
    }
  };
  requestAnimationFrame(tick);
})();
