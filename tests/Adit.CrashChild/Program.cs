using System.Globalization;
using Adit.CrashChild;
using Adit.CrashChild.Soak;

// A process that changes files and says on its standard output, one line each, what it knows to be durable. It is killed, or the
// volume's owner is; it ends by itself when nobody reads its output any more, or after a minute. A client of the soak says it in its journal instead,
// and ends with the process that started it.
return args switch
{
    ["write", var volume, var seed] => VolumeWriter.Run(volume, Number(seed)),
    ["copy", var source, var target, var seed] => TreeCopier.Run(source, target, Number(seed), isHasty: false),
    ["copy-without-sync", var source, var target, var seed] => TreeCopier.Run(source, target, Number(seed), isHasty: true),
    ["soak", var folder, var journal, var log, var number, var seed] => SoakClient.Run(folder, journal, log, Number(number), Number(seed)),
    _ => Usage(),
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static int Usage()
{
    Console.Error.WriteLine("usage: Adit.CrashChild write VOLUME SEED | copy SOURCE TARGET SEED | copy-without-sync SOURCE TARGET SEED | soak FOLDER JOURNAL LOG NUMBER SEED");
    return 2;
}
