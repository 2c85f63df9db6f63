using System.Globalization;
using Adit.Fuse;
using Adit.Fuse.Options;
using Adit.Fuse.Tests.Clients;
using Adit.Fuse.Tests.Differential;
using Adit.Fuse.Tests.Mounts;
using Adit.Fuse.Tests.Sessions;
using Adit.Nodes;

// The tests run this assembly as a program: as a client that maps a file of a mount (map FILE), as one that does what the test
// tells it through a socket (client SOCKET ROOT), as one that makes system calls and notes what they did (posix FOLDER NOTES), as one that
// exercises files (exercise FILE SEED TURNS LIE), as a server that
// they can kill (serve IMAGE MOUNTPOINT [OPTIONS]), and to replay requests (fuzz SEED COUNT, fuzz-volume SEED COUNT).
if (args is ["map", string file])
{
    return MappingClient.Run(file);
}

if (args is ["client", string socket, string root])
{
    return ClientProgram.Run(socket, root);
}

if (args is ["posix", string folder, string notes])
{
    return DifferentialProgram.Run(folder, notes);
}

if (args is ["exercise", string exercised, string exerciseSeed, string turns, string lie])
{
    return FileExerciser.Run(
        exercised, int.Parse(exerciseSeed, CultureInfo.InvariantCulture), int.Parse(turns, CultureInfo.InvariantCulture), int.Parse(lie, CultureInfo.InvariantCulture));
}

if (args is ["fuzz" or "fuzz-volume", string seed, string count])
{
    Action<int, int, Action<string>> run = args[0] == "fuzz" ? RequestFuzzTests.RunOverMemory : RequestFuzzTests.RunOverVolume;
    run(int.Parse(seed, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture), Console.WriteLine);
    return 0;
}

if (args is not ["serve", string image, string mountPoint, .. string[] rest])
{
    return 2;
}

if (!MountOptionParser.TryParse(rest.FirstOrDefault() ?? "", new MountOptions { Source = image }, out MountOptions options, out string? error))
{
    Console.Error.WriteLine(error);
    return 2;
}

INodeOperations nodes = TestNodes.OpenOrCreate(image);
using (nodes as IDisposable)
using (FuseMount mount = FuseMount.Start(nodes, mountPoint, options, (level, text) => Console.WriteLine($"{level}: {text}")))
{
    Console.WriteLine("ready");

    // A test that is gone must not leave its server behind.
    return mount.WaitForEnd(TimeSpan.FromMinutes(10)) ? 0 : 1;
}
