using System.Globalization;
using Adit.CrashChild;

// A process that changes files and says on its standard output, one line each, what it knows to be durable. It is killed, or the
// volume's owner is; it ends by itself when nobody reads its output any more, or after a minute.
return args switch
{
    ["write", var volume, var seed] => VolumeWriter.Run(volume, Number(seed)),
    ["copy", var source, var target, var seed] => TreeCopier.Run(source, target, Number(seed), isHasty: false),
    ["copy-without-sync", var source, var target, var seed] => TreeCopier.Run(source, target, Number(seed), isHasty: true),
    _ => Usage(),
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static int Usage()
{
    Console.Error.WriteLine("usage: Adit.CrashChild write VOLUME SEED | copy SOURCE TARGET SEED | copy-without-sync SOURCE TARGET SEED");
    return 2;
}
