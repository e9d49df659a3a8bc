using System;
using System.Collections;
using System.IO;
using System.Linq;
using System.Management.Automation;

namespace ImageServicing.Internal;

/// <summary>Takes files and folders as arguments for a path: <c>Get-Image (Get-Item x.wim)</c>.</summary>
/// <remarks>Windows PowerShell would make a bare name of them, which means another file in another folder.</remarks>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HostPathTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => Bare(inputData) switch
    {
        FileSystemInfo one => one.FullName,
        IEnumerable many and not string when many.Cast<object?>().Any(item => Bare(item) is FileSystemInfo) =>
            many.Cast<object?>().Select(item => Bare(item) is FileSystemInfo file ? file.FullName : item).ToArray(),
        _ => inputData,
    };

    private static object? Bare(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
