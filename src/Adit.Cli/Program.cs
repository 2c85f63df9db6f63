using System.CommandLine;
using Adit.Cli.CommandLine;
using Adit.Cli.Holding;
using Adit.Cli.Mounts;

// A mount's server is this program too, started by `adit mount` with a marker that no user types.
if (MountServer.TryParseArguments(args, out var request))
{
    return MountServer.Run(request);
}

if (HeldServer.TryParseArguments(args, out var held))
{
    return HeldServer.Run(held);
}

var parse = AditRootCommand.Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parse.Errors.Count > 0)
{
    return UsageErrors.Print(parse);
}

return parse.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
