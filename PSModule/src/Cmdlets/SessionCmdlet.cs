using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Runtime.InteropServices;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>A cmdlet that works on a session, named by <c>-Path</c> or by an object from the pipeline.</summary>
public abstract class SessionCmdlet : ImageServicingCmdlet
{
    /// <summary>Behind the positions of every cmdlet's own parameters.</summary>
    private const int LastPosition = 9;

    private readonly HashSet<string> seen = new(
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, Position = LastPosition, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string Path { get; set; } = string.Empty;

    /// <summary>The session's full path.</summary>
    private protected string SessionPath => FullPath(Path);

    /// <summary>
    /// True the first time this session comes along. Add-Driver sends one object per driver, all with the same
    /// <c>Path</c>, and none of them should make the next cmdlet do its work again.
    /// </summary>
    private protected bool IsFirst(string sessionPath) => seen.Add(sessionPath);

    private protected static Session Open(string sessionPath) => SessionPool.Get(sessionPath);
}
